/** Which tools of a server may be seen and called. What is denied stays denied whatever is allowed. */
export function toolFilter(allow: readonly string[] | undefined, deny: readonly string[]): (tool: string) => boolean {
  const allowed = allow?.map(pattern);
  const denied = deny.map(pattern);
  return (tool) => (allowed?.some((one) => one.test(tool)) ?? true) && !denied.some((one) => one.test(tool));
}

function pattern(text: string): RegExp {
  const parts = text.split(/\*+/).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
