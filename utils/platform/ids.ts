/** Random identifiers, as a port so that a simulation can hold them. Each is a fresh 122-bit UUID that says nothing. */
export interface Ids {
  fresh(): string;
}

export const randomIds: Ids = { fresh: () => crypto.randomUUID() };
