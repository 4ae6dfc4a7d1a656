import type { Examination, ExaminationFinding } from './examine.js';

/** What people read of an examination. */
export function examinationText(store: string, { facts, findings }: Examination): string {
  const known = Object.entries(facts).map(([name, value]) => `  ${name}: ${value}`);
  const told = findings.length === 0 ? ['all is well'] : findings.flatMap(linesOf);
  return `${[`store: ${store}`, ...known, ...told].join('\n')}\n`;
}

function linesOf({ check, severity, message, remedy, file, offset }: ExaminationFinding): readonly string[] {
  const place = file === undefined ? [] : [`  where: ${file}${offset === undefined ? '' : ` at byte ${offset}`}`];
  return [`${severity}: ${check}: ${message}`, ...place, ...(remedy === undefined ? [] : [`  what to do: ${remedy}`])];
}
