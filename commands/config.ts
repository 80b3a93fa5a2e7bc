import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { renderSetting, renderSettings, type SettingReport } from '../src/render/config.js';
import { BankaiCommand } from './base.js';
import { configPlaces } from './terminal/config-places.js';

export default class Config extends BankaiCommand {
  static override summary = "Read and change settings: git's own, in git's own files.";
  static override description =
    "Without a name all settings are listed, what counts most last: the machine's, your own (--global), the repository's, those " +
    'of GIT_CONFIG_COUNT. Bankai reads user.name and user.email, core.logAllRefUpdates, branch and remote settings, insteadOf, http settings as proxy and sslCAInfo, and one of its ' +
    'own: bankai.signCommits, true or false (the default), signs every commit. Exits with 1 for what is not set.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> user.name',
    '<%= config.bin %> <%= command.id %> bankai.signCommits true --global',
    '<%= config.bin %> <%= command.id %> --unset bankai.signCommits',
    '<%= config.bin %> <%= command.id %> --show-origin',
  ];
  static override args = {
    name: Args.string({ description: 'A setting, as user.name.' }),
    value: Args.string({ description: 'Its new value.' }),
  };
  static override flags = {
    global: Flags.boolean({ exclusive: ['local'], summary: 'Your own settings; they hold in every repository.' }),
    local: Flags.boolean({ summary: "The repository's settings; what is changed unless --global says otherwise." }),
    list: Flags.boolean({ char: 'l', exclusive: ['unset'], summary: 'List the settings, as without a name.' }),
    unset: Flags.boolean({ summary: 'Take the setting away.' }),
    'show-origin': Flags.boolean({ summary: 'Say where each value is set.' }),
  };

  static override notOffered = {
    '--get': 'Leave it out: "bankai config NAME" reads a setting.',
    '--add': 'Use "git config --add": it works here too.',
    '--get-all': 'Use "git config --get-all": it works here too.',
    '--unset-all': 'Use "git config --unset-all": it works here too.',
    '--system': 'Use "git config --system": it works here too.',
    '-e': 'Use "git config --edit": it works here too.',
    '--edit': 'Use "git config --edit": it works here too.',
  };

  async run(): Promise<SettingReport | readonly SettingReport[]> {
    const { args, flags } = await this.parse(Config);
    const { getConfig, listConfig, setConfig } = await import('../src/workflows/config.js');
    const { name, value } = args;
    const places = configPlaces(process.env);
    const scope = flags.global ? 'global' : flags.local ? 'local' : undefined;
    const origins = flags['show-origin'];
    if (flags.unset ? name === undefined || value !== undefined : flags.list && name !== undefined) {
      throw new UsageError('USAGE', 'Cannot tell what is asked for', {
        hint: 'Name one setting to take away, none to list.',
      });
    }
    if (name === undefined) {
      const settings = await listConfig(this.directory, { places, scope });
      return this.answer(settings, (list, view) => renderSettings(list, origins, view));
    }
    const isThere = async (where: typeof scope) =>
      (await getConfig(this.directory, name, { places, scope: where })) !== undefined;
    if (flags.unset && !(await isThere(flags.global ? 'global' : 'local'))) {
      this.sayNo();
      return this.answer([], () => []);
    }
    if (value !== undefined || flags.unset) {
      return this.answer(await setConfig(this.directory, { name, value, global: flags.global, places }), () => []);
    }
    const setting = await getConfig(this.directory, name, { places, scope });
    if (setting === undefined) {
      this.sayNo();
      return this.answer([], () => []);
    }
    return this.answer(setting, (found) => renderSetting(found, origins));
  }
}
