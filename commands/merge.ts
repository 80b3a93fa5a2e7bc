import { Args, Flags } from '@oclif/core';
import { renderMerge } from '../src/render/merge.js';
import type { SearchProgress } from '../src/search/strategy.js';
import { BankaiCommand } from './base.js';
import { signingFlags } from './terminal/passphrase.js';
import { defaultThreads } from './terminal/person.js';
import { searchUpdate } from './terminal/search-progress.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Merge extends BankaiCommand {
  static override summary = 'Bring the patches of another stack into HEAD; the working model follows.';
  static override description =
    "The same as git's own merge: what the other side gained since the two histories parted comes in, what it removed goes. " +
    'Patches cannot conflict, but a row that two of them flip cancels, and that is reported. HEAD moves without a commit ' +
    'where it can. With --search a patch is then searched on top, with the probes that the patches of both sides were ' +
    'searched with, and committed if it gains anything; after Ctrl-C the same with --resume goes on to the same patch.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> math',
    '<%= config.bin %> <%= command.id %> math --no-ff -m "arithmetic goes into the release"',
    '<%= config.bin %> <%= command.id %> calc+math',
    '<%= config.bin %> <%= command.id %> math --search',
  ];
  static override args = { stack: Args.string({ required: true, description: 'What to merge, e.g. math.' }) };
  static override flags = {
    ...stackFlags,
    message: Flags.string({ char: 'm', helpValue: 'MSG', summary: "Message of the merge commit; by default git's." }),
    ff: Flags.boolean({
      allowNo: true,
      default: true,
      summary: 'Move HEAD without a commit where that is enough; --no-ff always makes one.',
    }),
    'ff-only': Flags.boolean({ summary: 'Refuse to merge where that takes a commit.' }),
    search: Flags.boolean({ summary: 'Then search a patch on top that mends what stacking lost.' }),
    iterations: Flags.integer({
      min: 1,
      dependsOn: ['search'],
      summary: 'Try at most so many candidates; the search ends by itself.',
    }),
    resume: Flags.boolean({
      dependsOn: ['search'],
      summary: 'Go on with the search of this merge where Ctrl-C or a crash ended it; the merge itself is done.',
    }),
    threads: Flags.integer({ min: 1, dependsOn: ['search'], summary: 'Threads; the result does not depend on them.' }),
    ...signingFlags,
  };

  static override notOffered = {
    '--abort':
      'A merge of Bankai is done or not done at all: "bankai undo" takes it back. Of one that git began, use "git merge --abort".',
    '--continue':
      'A merge of Bankai is done or not done at all. One that git began is finished by "git merge --continue", and then "bankai checkout HEAD".',
    '--squash': 'Use "bankai squash A+B -b NAME" to make one patch of several, or "bankai cherry-pick" each commit.',
    '--no-commit': 'Leave it out, and take the merge back with "bankai undo" if you do not like it.',
    '-s': 'Leave it out: patches of two sides unite, and cannot conflict.',
    '-X': 'Leave it out: patches of two sides unite, and cannot conflict.',
    '--edit': 'Use -m "MESSAGE".',
    '-e': 'Use -m "MESSAGE".',
    '--no-edit': 'Leave it out: no editor is opened.',
  };

  async run() {
    const { args, flags } = await this.parse(Merge);
    const fastForward = flags['ff-only'] ? 'only' : flags.ff ? undefined : 'never';
    const request = {
      stack: stackText(args.stack, flags),
      ...(fastForward !== undefined && ({ fastForward } as const)),
      ...(flags.message !== undefined && { message: flags.message }),
    };
    const recorder = this.recorder(flags);
    if (!flags.search) {
      const { merge } = await import('../src/workflows/merge.js');
      return this.answer(await merge(this.directory, request, recorder), renderMerge);
    }
    const { mergeAndSearch } = await import('../src/workflows/merge-search.js');
    const { iterations } = flags;
    const update = this.progress('Searching');
    const search = {
      budget: iterations === undefined ? {} : { iterations },
      ...{ threads: flags.threads ?? defaultThreads(), resume: flags.resume, signal: this.signal },
      onProgress: (progress: SearchProgress) => update(searchUpdate(progress, iterations)),
    };
    return this.answer(await mergeAndSearch(this.directory, { ...request, ...search }, recorder), renderMerge);
  }
}
