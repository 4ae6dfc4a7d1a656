/**
 * Version 1 wrote long flags with one dash (`-addr :9090`, `-addr=:9090`): they get their second one.
 *
 * @param flags every long flag of the program, with its two dashes
 */
export function withTwoDashes(argv: readonly string[], flags: ReadonlySet<string>): readonly string[] {
  const end = argv.indexOf('--');
  return argv.map((argument, at) => {
    if (!/^-[a-z]{2}/.test(argument) || (end !== -1 && at > end)) return argument;
    const flag = `-${argument.split('=', 1)[0]}`;
    return flags.has(flag) ? `-${argument}` : argument;
  });
}
