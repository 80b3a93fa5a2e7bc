import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { renderClone } from '../src/render/clone.js';
import { BankaiCommand } from './base.js';
import { remoteFlags } from './terminal/remote-options.js';

export default class Clone extends BankaiCommand {
  static override summary = 'Get a repository from elsewhere; with its base model, ready to use.';
  static override description =
    'Everything that comes in is verified first: every object, patch and signature. https:// and http:// need no git; ' +
    'ssh://, host:path, file:// and paths go through the git of this machine. For a server that asks who you are, set ' +
    "BANKAI_TOKEN (and BANKAI_TOKEN_HOST, to send it to that host alone), or use git's credential helpers.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> https://example.org/ada/patches.git --model Bonsai-8B.gguf',
    '<%= config.bin %> <%= command.id %> git@example.org:ada/patches.git calculus -b calc',
  ];
  static override args = {
    url: Args.string({ required: true, description: 'Where it is.' }),
    directory: Args.string({ description: 'Where it goes; by default the last part of URL.' }),
  };
  static override flags = {
    model: Flags.string({ helpValue: 'FILE', summary: 'The base model, for the working model to be made from.' }),
    branch: Flags.string({ char: 'b', helpValue: 'NAME', summary: 'The branch to be on.' }),
    ...remoteFlags,
  };

  static override notOffered = {
    '--depth':
      'Patches are small, and what is said of them rests on their history: all of it is fetched. Leave the flag out.',
    '--shallow-since':
      'Patches are small, and what is said of them rests on their history: all of it is fetched. Leave the flag out.',
    '--single-branch':
      'Stacks are made of branches, so all of them are fetched. Leave the flag out; -b says which one to be on.',
    '--bare': 'A repository of Bankai has a working model. Use "git clone --bare" for a copy to fetch from.',
    '--mirror': 'A repository of Bankai has a working model. Use "git clone --mirror" for a copy to fetch from.',
  };

  async run() {
    const { args, flags } = await this.parse(Clone);
    const { clone } = await import('../src/workflows/clone.js');
    const { directoryNameOf } = await import('../src/workflows/remote.js');
    const name = args.directory ?? directoryNameOf(args.url);
    if (name === '') {
      throw new UsageError('USAGE', 'The address does not say what to call the directory', {
        hint: 'Name it: bankai clone URL DIR.',
      });
    }
    const copying = this.progress('Reading the model');
    const request = {
      url: args.url,
      from: this.directory,
      directory: this.path(name),
      ...(flags.branch !== undefined && { branch: flags.branch }),
      ...(flags.model !== undefined && { model: this.path(flags.model) }),
      onModel: (done: number, total: number) => copying({ done, total }),
    };
    return this.answer(await clone(request, this.actor, await this.remoteOptions(flags.timeout)), renderClone);
  }
}
