/** Takes one measure in a process of its own: `node measure.mjs <name>` prints one line of JSON. */
const { measure } = await import(`./measures/${process.argv[2]}.mjs`);
process.stdout.write(`${JSON.stringify(await measure())}\n`);
process.exit();
