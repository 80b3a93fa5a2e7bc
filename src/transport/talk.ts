/** Owns what a remote says to people while it works: the messages of its hooks, which git shows behind `remote: `. */

/** Lines that are kept, and characters of each. */
const [LINES, CHARACTERS] = [100, 1000];

/** Listens to a remote. */
export interface Talk {
  hear(bytes: Uint8Array): void;
  /** What it said, line by line: somebody else's text. Of lines that write over themselves, the last state. */
  said(): string[];
}

export function createTalk(): Talk {
  const decoder = new TextDecoder();
  let text = '';
  return {
    hear(bytes) {
      if (text.length < LINES * CHARACTERS) text += decoder.decode(bytes, { stream: true });
    },
    said: () => linesOf(text),
  };
}

/** What a remote said, in the messages of the system's git. */
export const remoteLines = (stderr: string): string[] =>
  linesOf(
    stderr
      .split('\n')
      .flatMap((line) => /^remote: ?(.*)$/.exec(line)?.[1] ?? [])
      .join('\n'),
  );

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.split('\r').filter(Boolean).at(-1)?.trimEnd().slice(0, CHARACTERS) ?? '')
    .filter((line) => line !== '')
    .slice(0, LINES);
