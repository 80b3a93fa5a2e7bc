import { Args, Flags } from '@oclif/core';
import { cataloguePage, pageStyles, patchPage } from '../../src/render/registry-page.js';
import { renderServing, type ServingReport } from '../../src/render/serving.js';
import { BankaiCommand } from '../base.js';

export default class RegistryServe extends BankaiCommand {
  static override summary = 'Serve a registry, read-only, with a catalogue for people to look at.';
  static override description =
    'Any web host can serve the same files; this one adds pages with the proof of each patch. Runs until Ctrl-C. Put a host ' +
    'with TLS before it where strangers can reach it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> site',
    '<%= config.bin %> <%= command.id %> site --port 8080 --url https://example.org/',
  ];
  static override args = { directory: Args.string({ required: true, description: 'The directory of the registry.' }) };
  static override flags = {
    port: Flags.integer({
      default: 4873,
      min: 0,
      max: 65535,
      helpValue: 'N',
      summary: 'The port; 0 takes a free one.',
    }),
    host: Flags.string({ default: '127.0.0.1', helpValue: 'HOST', summary: 'The address to listen on.' }),
    url: Flags.string({ helpValue: 'URL', summary: 'How others reach it, for the lines to copy.' }),
  };

  async run(): Promise<ServingReport> {
    const { args, flags } = await this.parse(RegistryServe);
    const { serveRegistry } = await import('../../src/workflows/serve-registry.js');
    const serving = await serveRegistry({
      directory: this.path(args.directory),
      host: flags.host,
      port: flags.port,
      ...(flags.url !== undefined && { url: flags.url }),
      pages: { catalogue: cataloguePage, patch: patchPage, styles: pageStyles },
    });
    const { url, root } = serving;
    this.print(renderServing({ url, root }, this.view));
    const { signal } = this;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await serving.close();
    return { url, root };
  }
}
