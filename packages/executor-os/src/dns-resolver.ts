import { Resolver } from 'node:dns/promises';

/** What the dns tool asks beyond addresses. */
export interface DnsResolver {
  /** The texts of a name, each put together from its parts. */
  txt(name: string): Promise<readonly string[]>;
  /** The name that a name is another name of; undefined when it is not. */
  cname(name: string): Promise<string | undefined>;
}

/** Answers that say: the name has no such record. */
const NOTHING: readonly string[] = ['ENODATA', 'ENOTFOUND'];

/** Asks the servers that the system is set up with. @param servers `address:port`, instead of those */
export function systemResolver(servers?: readonly string[]): DnsResolver {
  const resolver = new Resolver({ timeout: 5_000, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return {
    async txt(name) {
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    },
    async cname(name) {
      try {
        return (await resolver.resolveCname(name))[0];
      } catch (error) {
        if (NOTHING.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
        throw error;
      }
    },
  };
}
