/** The versions of the protocol that differ for a server: sessions, and none. */
export const ERAS = ['2025-11-25', '2026-07-28'] as const;
export type Era = (typeof ERAS)[number];
/** The two doors. */
export const DOORS = ['http', 'stdio'] as const;
export type Door = (typeof DOORS)[number];
export const EVERY_WAY = DOORS.flatMap((door) => ERAS.map((era) => ({ door, era })));
