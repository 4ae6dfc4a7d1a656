const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as JSON can hold them: as text where they are UTF-8, else in base64. */
export type BytesOnWire = { readonly text: string } | { readonly base64: string };

export function bytesToWire(bytes: Uint8Array): BytesOnWire {
  const text = utf8(bytes);
  return text === undefined ? { base64: Buffer.from(bytes).toString('base64') } : { text };
}

/** Undefined for what is no UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** How many bytes at the end are the beginning of a character whose rest may still come: 0 to 3. */
export function cutCharacterLength(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return characterLength(byte) > back ? back : 0;
  }
  return 0;
}

function characterLength(firstByte: number): number {
  if (firstByte >= 0xf0) return 4;
  return firstByte >= 0xe0 ? 3 : 2;
}
