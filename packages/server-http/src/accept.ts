interface Range {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
}

/**
 * The media type that an `Accept` header likes best (RFC 9110, 12.5.1: the most specific range that matches a type gives its
 * quality). Of equally liked ones the earlier offer wins, and the first is the answer to a header that likes none.
 */
export function preferredType(accept: string | null, offers: readonly [string, ...string[]]): string {
  if (accept === null || accept.trim() === '') return offers[0];
  const ranges = accept.split(',').flatMap(parseRange);
  let best: string = offers[0];
  let bestQuality = qualityOf(best, ranges);
  for (const offer of offers.slice(1)) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

function parseRange(text: string): readonly Range[] {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const [type, subtype, more] = name.split('/');
  if (!type || !subtype || more !== undefined) return [];
  const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = given === undefined ? 1 : Number(given);
  return quality >= 0 && quality <= 1 ? [{ type, subtype, quality }] : [];
}

function qualityOf(offer: string, ranges: readonly Range[]): number {
  const [type, subtype] = offer.split('/');
  const exact = ranges.filter((range) => range.type === type && range.subtype === subtype);
  const family = ranges.filter((range) => range.type === type && range.subtype === '*');
  const all = ranges.filter((range) => range.type === '*' && range.subtype === '*');
  const matching = [exact, family, all].find((found) => found.length > 0) ?? [];
  return Math.max(0, ...matching.map(({ quality }) => quality));
}
