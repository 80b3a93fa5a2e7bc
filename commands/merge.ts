import { Args, Flags } from '@oclif/core';
import { renderMerge } from '../src/render/merge.js';
import { BankaiCommand } from './base.js';
import { signingFlags } from './terminal/passphrase.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Merge extends BankaiCommand {
  static override summary = 'Bring the patches of another stack into HEAD; the working model follows.';
  static override description =
    "The same as git's own merge: what the other side gained since the two histories parted comes in, what it removed goes. " +
    'Patches cannot conflict, but a row that two of them flip cancels, and that is reported. HEAD moves without a commit ' +
    'where it can.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> math',
    '<%= config.bin %> <%= command.id %> math --no-ff -m "arithmetic goes into the release"',
    '<%= config.bin %> <%= command.id %> calc+math',
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
    ...signingFlags,
  };

  async run() {
    const { args, flags } = await this.parse(Merge);
    const { merge } = await import('../src/workflows/merge.js');
    const fastForward = flags['ff-only'] ? 'only' : flags.ff ? undefined : 'never';
    const request = {
      stack: stackText(args.stack, flags),
      ...(fastForward !== undefined && ({ fastForward } as const)),
      ...(flags.message !== undefined && { message: flags.message }),
    };
    return this.answer(await merge(this.directory, request, this.recorder(flags)), renderMerge);
  }
}
