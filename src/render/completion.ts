/** Owns the scripts by which shells complete command lines: written from the commands, without anything to load. */

export type Shell = 'bash' | 'zsh' | 'fish';

/** A command as a shell has to know it. */
export interface CompletedCommand {
  /** Its words: `checkout`, `probes audit`. */
  readonly verb: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
}

export interface CompletedFlag {
  readonly name: string;
  readonly char?: string;
  readonly summary: string;
  /** Another word follows it: one of `options`, where there are any. */
  readonly takesValue: boolean;
  readonly options?: readonly string[];
}

/** Branches, tags and remote branches are asked of git: no program of ours would start as fast. */
const refs = "git for-each-ref --format='%(refname:short)' refs/heads refs/tags refs/remotes 2>/dev/null";

/** Writes the script of a shell. Equal commands give equal scripts. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  if (shell === 'fish') return fishScript(commands);
  const script = bashScript(commands);
  return shell === 'bash' ? script : `#compdef bankai\nautoload -U +X bashcompinit && bashcompinit\n${script}`;
}

/** The names of a stack are completed one by one, after every plus; where none fits the shell offers files. */
function bashScript(commands: readonly CompletedCommand[]): string {
  const first = [...new Set(commands.map(({ verb }) => verb.split(' ')[0]))];
  const topics = first.filter((word) => commands.some(({ verb }) => verb.startsWith(`${word} `)));
  const seconds = (topic: string): string =>
    commands.flatMap(({ verb }) => (verb.startsWith(`${topic} `) ? [verb.split(' ')[1]] : [])).join(' ');
  return [
    '_bankai() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" verb="${COMP_WORDS[1]}" flags="" before=""',
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W ${quote([...first, 'help'].join(' '))} -- "$cur"))`,
    '    return',
    '  fi',
    ...topics.flatMap((topic) => [
      `  if [ "$verb" = ${topic} ] && [[ "\${COMP_WORDS[2]}" != -* ]]; then`,
      '    if [ "$COMP_CWORD" -eq 2 ]; then',
      `      COMPREPLY=($(compgen -W ${quote(seconds(topic))} -- "$cur"))`,
      '      return',
      '    fi',
      '    verb="$verb ${COMP_WORDS[2]}"',
      '  fi',
    ]),
    '  case "$verb $prev" in',
    ...commands.flatMap(({ verb, flags }) =>
      flags
        .filter(({ takesValue }) => takesValue)
        .map(({ name, char, options }) => {
          const spellings = [`--${name}`, ...(char === undefined ? [] : [`-${char}`])];
          const words = options ? `COMPREPLY=($(compgen -W ${quote(options.join(' '))} -- "$cur")); ` : '';
          return `    ${spellings.map((flag) => quote(`${verb} ${flag}`)).join('|')}) ${words}return ;;`;
        }),
    ),
    '  esac',
    '  case "$verb" in',
    ...commands.map(({ verb, flags }) => {
      const words = flags.flatMap(({ name, char }) => [`--${name}`, ...(char === undefined ? [] : [`-${char}`])]);
      return `    ${quote(verb)}) flags=${quote([...words, '--help'].join(' '))} ;;`;
    }),
    '  esac',
    '  case "$cur" in',
    '    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")); return ;;',
    '    *+*) before="${cur%+*}+"; cur="${cur##*+}" ;;',
    '  esac',
    `  COMPREPLY=($(compgen -P "$before" -W "base HEAD $(${refs})" -- "$cur"))`,
    '}',
    'complete -o default -F _bankai bankai',
    '',
  ].join('\n');
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const complete = (condition: string, ...rest: string[]): string =>
    ['complete -c bankai', `-n ${quote(condition)}`, ...rest].join(' ');
  const first = new Map<string, string>();
  for (const { verb, summary } of commands) {
    const [word, second] = verb.split(' ');
    if (!first.has(word)) first.set(word, second === undefined ? summary : 'A group of commands.');
  }
  return [
    'function __bankai_stacks',
    "    set -l before (string match -r '.*\\+' -- (commandline -ct))",
    `    for name in base HEAD (${refs})`,
    '        echo "$before$name"',
    '    end',
    'end',
    ...[...first].map(([word, summary]) =>
      complete('__fish_use_subcommand', '-f', `-a ${word}`, `-d ${quote(summary)}`),
    ),
    ...commands.flatMap(({ verb, summary, flags }) => {
      const [word, second] = verb.split(' ');
      const seen = `__fish_seen_subcommand_from ${second ?? word}`;
      return [
        ...(second === undefined
          ? [complete(seen, "-a '(__bankai_stacks)'")]
          : [complete(`__fish_seen_subcommand_from ${word}`, '-f', `-a ${second}`, `-d ${quote(summary)}`)]),
        ...flags.map(({ name, char, takesValue, options, summary: about }) =>
          complete(
            seen,
            `-l ${name}`,
            ...(char === undefined ? [] : [`-s ${char}`]),
            ...(options ? [`-x -a ${quote(options.join(' '))}`] : takesValue ? ['-r'] : []),
            `-d ${quote(about)}`,
          ),
        ),
      ];
    }),
    '',
  ].join('\n');
}

/** A word between single quotes, as all three shells read it: a quote ends them, stands escaped, and begins them again. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
