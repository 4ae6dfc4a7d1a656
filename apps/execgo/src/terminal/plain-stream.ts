import { stripVTControlCharacters } from 'node:util';

/** Controls but line feed and tab, and marks that change the direction of what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** The beginning of a sequence at the end of a text, whose rest may come. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNFINISHED = /(?:\r|[\u001b\u009b](?:[[(#;?0-9\s]*|\][^\u0007\u001b\u009c]*\u001b?))$/;
/** Of a sequence that does not end; beyond, it is taken for text, without the control that it begins with. */
const MAX_HELD = 4096;

/** A stream of bytes as text that is safe on a terminal: its lines and tabs stay, control sequences are gone. */
export class PlainStream {
  private readonly decoder = new TextDecoder();
  private held = '';

  /** What can be shown by now. */
  take(bytes: Uint8Array): string {
    const text = this.held + this.decoder.decode(bytes, { stream: true });
    const at = text.search(UNFINISHED);
    const isHeld = at !== -1 && text.length - at <= MAX_HELD;
    this.held = isHeld ? text.slice(at) : '';
    return plain(isHeld ? text.slice(0, at) : text);
  }

  /** The rest. */
  end(): string {
    const rest = this.held + this.decoder.decode();
    this.held = '';
    return plain(rest);
  }
}

function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\r\n', '\n').replaceAll('\r', '\n').replace(CONTROLS, '');
}
