const FORM = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Times come in runs of the same second: the newest one, as text up to its fraction. */
const newest = { second: Number.NaN, text: '' };

/** RFC 3339 in UTC with milliseconds: how ExecGo writes every time. */
export function formatTime(epochMs: number): string {
  const second = Math.floor(epochMs / 1000);
  if (second !== newest.second) {
    newest.text = new Date(second * 1000).toISOString().slice(0, -'000Z'.length);
    newest.second = second;
  }
  const fraction = Math.floor(epochMs) - second * 1000;
  return `${newest.text}${fraction < 10 ? '00' : fraction < 100 ? '0' : ''}${fraction}Z`;
}

/** Epoch milliseconds of an RFC 3339 time of any offset and precision (digits beyond milliseconds are cut); undefined if it is none. */
export function parseTime(text: string): number | undefined {
  if (!FORM.test(text) || !hasDay(text)) return undefined;
  const epochMs = Date.parse(
    text
      .toUpperCase()
      .replace(' ', 'T')
      .replace(/(\.\d{3})\d+/, '$1'),
  );
  return Number.isNaN(epochMs) ? undefined : epochMs;
}

/** `Date.parse` takes November 31 for December 1. */
function hasDay(text: string): boolean {
  const day = Number(text.slice(8, 10));
  if (day <= 28) return true;
  // The calendar repeats every 400 years, and `Date.UTC` takes the years 0 to 99 for others.
  const likeYear = 2000 + (Number(text.slice(0, 4)) % 400);
  return day <= new Date(Date.UTC(likeYear, Number(text.slice(5, 7)), 0)).getUTCDate();
}
