import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { median } from './median.mjs';
import { measures, rows } from './table.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  process.stdout.write('usage: npm run bench -- [--rounds 5] [--only <part of a row>] [--json]\n');
  process.exit();
}

const only = options.only?.toLowerCase() ?? '';
const wanted = rows.filter(({ what }) => what.toLowerCase().includes(only));
if (wanted.length === 0) {
  process.stderr.write(`no row has "${options.only}" in its name; the rows are:\n`);
  for (const { what } of rows) process.stderr.write(`  ${what}\n`);
  process.exit(2);
}
const needed = measures.filter((name) => wanted.some((row) => row.needs.includes(name)));
const rounds = [];
for (let round = 1; round <= Number(options.rounds); round += 1) {
  const taken = {};
  for (const name of needed) {
    progress(`round ${round} of ${options.rounds}: ${name}`);
    taken[name] = await takeMeasure(name);
  }
  rounds.push(taken);
}
progress('');

// A ratio is taken within a round, so that a change of the machine's load from round to round cancels out.
const results = wanted.map((row) => {
  const ours = median(rounds.map(row.ours));
  const limit = row.limit && median(rounds.map(row.limit));
  const ratio = row.limit ? median(rounds.map((taken) => row.ours(taken) / row.limit(taken))) : ours;
  return {
    what: row.what,
    ours,
    unit: row.unit,
    against: row.against,
    limit,
    ratio,
    goal: row.goal,
    ok: met(ratio, row.goal),
  };
});
if (options.json) process.stdout.write(`${JSON.stringify({ rounds: rounds.length, results }, null, 2)}\n`);
else print(results);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

/** One line that is written over; nothing in a pipe. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function takeMeasure(name) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', 'measure.mjs', name], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text));
      else reject(new TypeError(`the measure ${name} ended with exit status ${code}`));
    });
  });
}

function met(ratio, goal) {
  return goal.startsWith('≤') ? ratio <= Number(goal.slice(1)) : ratio >= Number(goal.slice(1));
}

function print(lines) {
  const cells = lines.map(({ what, ours, unit, against, limit, ratio, goal, ok }) => [
    what,
    `${number(ours)} ${unit}`,
    limit === undefined ? '' : `${number(limit)} ${against}`,
    ratio === ours ? '' : `${ratio.toFixed(2)}×`,
    goal,
    ok ? 'ok' : 'MISSED',
  ]);
  const table = [['measure', 'ExecGo', 'against', 'ratio', 'goal', ''], ...cells];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0].model}, medians of ${rounds.length} rounds\n\n`,
  );
  for (const row of table) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}

function number(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}
