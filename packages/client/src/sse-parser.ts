/** One block of an event stream. A block without data is no event, and is told for its id alone. */
export interface SseMessage {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
}

/**
 * Takes an event stream apart as its text comes (HTML standard, 9.2.6). A block is told once its empty line is there, so that
 * what was cut short is never told. Each character is looked at once, however large a message is.
 */
export class SseParser {
  private line = '';
  private afterCarriageReturn = false;
  private id: string | undefined;
  private event: string | undefined;
  private data: string[] = [];

  *push(text: string): Generator<SseMessage, void, undefined> {
    let start = 0;
    // The second half of a line end that was cut in two.
    if (this.afterCarriageReturn && text.startsWith('\n')) start = 1;
    if (text !== '') this.afterCarriageReturn = text.endsWith('\r');
    const ends = /\r\n|\r|\n/g;
    ends.lastIndex = start;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      const line = this.line + text.slice(start, end.index);
      this.line = '';
      start = end.index + end[0].length;
      if (line !== '') this.take(line);
      else if (this.id !== undefined || this.data.length > 0) yield this.finish();
      else this.event = undefined;
    }
    this.line += text.slice(start);
  }

  private take(line: string): void {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.data.push(value);
    else if (name === 'event') this.event = value;
    else if (name === 'id' && !value.includes('\0')) this.id = value;
  }

  private finish(): SseMessage {
    const { id, event, data } = this;
    this.id = undefined;
    this.event = undefined;
    this.data = [];
    return { id, event, data: data.length === 0 ? undefined : data.join('\n') };
  }
}
