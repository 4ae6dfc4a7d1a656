/** Shorter values are too common to be taken out of a text, and too short to be secrets. */
const MIN_LENGTH = 4;
const PLACE_HOLDER = '[redacted]';

/** Takes configured values out of texts that are shown: what variables, headers and environments held. */
export type Redact = (text: string) => string;

export function redactor(secrets: Iterable<string>): Redact {
  // Longest first: one value may be a part of another.
  const values = [...new Set(secrets)]
    .filter((value) => value.length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length);
  return (text) => values.reduce((rest, value) => rest.replaceAll(value, PLACE_HOLDER), text);
}
