import { basename } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { renderProbesImport } from '../../src/render/probes.js';
import { BankaiCommand } from '../base.js';
import { readInput } from '../terminal/files.js';

export default class ProbesImport extends BankaiCommand {
  static override summary = 'Make a probe file of a question/answer set with one JSON object a line.';
  static override description =
    'Reads the files of GSM8K and SQuAD, and pairs such as prompt/completion and input/target. Of a worked solution the ' +
    'answer after the last "####", or in the last "\\boxed{}", is taken; an answer of several lines is left out.';
  static override examples = [
    '<%= config.bin %> probes import gsm8k.jsonl -o gsm8k.json --limit 200',
    '<%= config.bin %> probes import qa.jsonl -o qa.json --prompt "Q: {question} A:"',
  ];
  static override args = { file: Args.string({ required: true, description: 'The set, in JSON Lines.' }) };
  static override flags = {
    output: Flags.string({ char: 'o', required: true, helpValue: 'FILE', summary: 'The probe file to write.' }),
    prompt: Flags.string({
      default: '{question}',
      helpValue: 'TEXT',
      summary: 'The wording of prompts; {question} and {context} are filled in.',
    }),
    question: Flags.string({ helpValue: 'FIELD', summary: 'The member that holds the question.' }),
    answer: Flags.string({ helpValue: 'FIELD', summary: 'The member that holds the answer.' }),
    category: Flags.string({ helpValue: 'NAME', summary: 'The category of probes that name none.' }),
    limit: Flags.integer({ min: 1, summary: 'Take the first so many.' }),
    force: Flags.boolean({ char: 'f', summary: 'Replace the file if it exists.' }),
  };

  async run() {
    const { args, flags } = await this.parse(ProbesImport);
    const path = this.path(args.file);
    const bytes = await readInput(path, 'Give the path of a file with one JSON object a line.');
    const { importQuestions } = await import('../../src/workflows/probe-files.js');
    const report = await importQuestions({
      questions: { name: basename(path), bytes },
      fields: {
        wording: flags.prompt,
        ...(flags.question !== undefined && { question: flags.question }),
        ...(flags.answer !== undefined && { answer: flags.answer }),
        ...(flags.category !== undefined && { category: flags.category }),
      },
      path: this.path(flags.output),
      overwrite: flags.force,
      ...(flags.limit !== undefined && { limit: flags.limit }),
    });
    return this.answer(report, renderProbesImport);
  }
}
