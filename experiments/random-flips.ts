/** How robust a 1-bit model is to flips that nobody chose. */
import type { Flip } from '../src/patch/flip.js';
import { seededRandom, shuffle } from '../src/search/random.js';
import { measureText } from '../src/search/texts.js';
import type { Experiment } from './experiment.js';

const GROUP_WEIGHTS = 128;
const counts = [1, 4, 16, 64, 256, 1024, 4096];

export const randomFlips: Experiment = {
  name: 'random-flips',
  title: 'Random flips against perplexity',
  published: '500,000 random bits of an 8B model, 0.006 % of them, change its perplexity by less than 1 %.',
  async run({ engine, text, seed }) {
    const groups = engine.tensors
      .filter(({ layer }) => layer !== undefined)
      .flatMap(({ name, rows, columns }) =>
        Array.from({ length: (rows * columns) / GROUP_WEIGHTS }, (_, index): Flip => {
          const perRow = columns / GROUP_WEIGHTS;
          return { kind: 'group', tensor: name, row: Math.floor(index / perRow), group: index % perRow };
        }),
      );
    const order = shuffle([...groups], seededRandom(seed));
    const measured: { count: number; share: number; rise: number }[] = [];
    for (const count of counts) {
      const { perplexityBefore, perplexityAfter } = await measureText(engine, text, order.slice(0, count));
      measured.push({ count, share: count / groups.length, rise: perplexityAfter / perplexityBefore - 1 });
    }
    const percent = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`;
    const harmless = measured.filter(({ rise }) => Math.abs(rise) < 0.01).at(-1);
    const worst = measured[measured.length - 1];
    return {
      columns: ['random groups inverted', 'bits', 'share of all layers', 'change of perplexity'],
      rows: measured.map(({ count, share, rise }) => [
        String(count),
        String(count * GROUP_WEIGHTS),
        percent(share, 3),
        percent(rise),
      ]),
      chart: {
        bars: measured.map(({ count, rise }) => ({ label: `${count} groups`, value: rise, note: percent(rise) })),
      },
      sentences: [
        harmless
          ? `Up to ${harmless.count} random groups (${percent(harmless.share, 3)} of the layers' bits) change perplexity by less than 1 %.`
          : 'Even one random group changes perplexity by 1 % or more.',
        `${worst.count} groups (${percent(worst.share, 1)}) change it by ${percent(worst.rise, 0)}.`,
        `Here whole groups of ${GROUP_WEIGHTS} bits were inverted, where single bits were published; ${
          (harmless?.share ?? 0) > 0.00006
            ? 'the share that does no harm is larger than'
            : 'not even as much does no harm as'
        } the published 0.006 %.`,
      ],
    };
  },
};
