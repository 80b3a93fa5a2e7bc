import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { renderChangedTag, renderTags } from '../src/render/tag.js';
import { BankaiCommand } from './base.js';
import { signingFlags } from './terminal/passphrase.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Tag extends BankaiCommand {
  static override summary = 'List the tags, or create or delete one.';
  static override description =
    'A tag is a name that stays where it is: at HEAD, or at the stack given. With -m it is annotated: an object of its own that says ' +
    'who made it, when and why.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> v1 calc+math',
    '<%= config.bin %> <%= command.id %> -a v1.1 -m "calculus and arithmetic" --sign',
    '<%= config.bin %> <%= command.id %> -d v1',
  ];
  static override args = {
    name: Args.string({ description: 'Name of the tag.' }),
    stack: Args.string({ description: 'What it names, HEAD by default.' }),
  };
  static override flags = {
    ...stackFlags,
    annotate: Flags.boolean({ char: 'a', dependsOn: ['message'], summary: 'Make an annotated tag, as -m does alone.' }),
    message: Flags.string({ char: 'm', helpValue: 'MSG', summary: 'What it is for.' }),
    delete: Flags.boolean({ char: 'd', exclusive: ['message', 'force'], summary: 'Delete the tag.' }),
    force: Flags.boolean({ char: 'f', summary: 'Move a tag that is there already.' }),
    ...signingFlags,
    sign: Flags.boolean({
      helpGroup: 'SIGNING',
      char: 's',
      dependsOn: ['message'],
      summary: 'Sign the tag, as "git verify-tag" reads it.',
    }),
  };

  static override notOffered = {
    '-l': 'Leave it out: without a name "bankai tag" lists them. "git tag -l PATTERN" works here too.',
    '--list': 'Leave it out: without a name "bankai tag" lists them. "git tag --list PATTERN" works here too.',
    '-n': 'Leave it out: "bankai tag" tells what annotated tags say.',
    '-v': 'Use "git verify-tag NAME": it works here too.',
    '--verify': 'Use "git verify-tag NAME": it works here too.',
    '-u': 'Use --sign, with --key NAME for another key than the default.',
    '-F': 'Use -m "MESSAGE".',
  };

  async run() {
    const { args, flags } = await this.parse(Tag);
    const { dropTag, newTag, tags } = await import('../src/workflows/tag.js');
    const { name, stack } = args;
    if (flags.delete) {
      if (name === undefined || stack !== undefined) {
        throw new UsageError('USAGE', 'Cannot tell which tag is to be deleted', { hint: 'Name one.' });
      }
      return this.answer(await dropTag(this.directory, name), renderChangedTag);
    }
    if (name === undefined) return this.answer(await tags(this.directory), renderTags);
    const request = {
      ...{ name, stack: stackText(stack ?? 'HEAD', flags), sign: flags.sign, replace: flags.force },
      ...(flags.message !== undefined && { message: flags.message }),
    };
    return this.answer(await newTag(this.directory, request, this.recorder(flags)), renderChangedTag);
  }
}
