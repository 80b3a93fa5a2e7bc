/** Which layers, and which rows, a behaviour hangs on. */
import type { Flip, RowFlip } from '../src/patch/flip.js';
import { meanScales, scaleWeightedRows } from '../src/search/candidates.js';
import { seededRandom, shuffle } from '../src/search/random.js';
import { answerMeter, type Experiment } from './experiment.js';
import { under } from './laboratory.js';

/** Rows flipped alone for each way of choosing. */
const ROWS = 96;

/** What rows drawn by scale were published to move, in terms of what rows drawn evenly do. */
const PUBLISHED_RATIO = 3.88;

export const layers: Experiment = {
  name: 'layers',
  title: 'Layer impact, and high-scale rows against random ones',
  published:
    'Layers 0 to 4 and the last but one of 36 matter most, 17 to 21 least; rows drawn in proportion to their scale, as the search ' +
    `draws them, move behaviour ${PUBLISHED_RATIO} times as much as rows drawn evenly.`,
  async run({ engine, probes, seed }) {
    const meter = answerMeter(engine, probes('calculus').probes);
    const before = meter.measure();
    meter.keep();
    const change = (flips: readonly Flip[]) => under(engine, flips, () => meter.measure() - before);
    const rowsOf = (pattern: RegExp): RowFlip[] =>
      engine.tensors
        .filter(({ name }) => pattern.test(name))
        .flatMap(({ name, rows }) =>
          Array.from({ length: rows }, (_, row): RowFlip => ({ kind: 'row', tensor: name, row })),
        );

    const impacts: { layer: number; fall: number }[] = [];
    for (let layer = 0; layer < engine.config.layers; layer++) {
      const fall = -(await change(rowsOf(new RegExp(`^blk\\.${layer}\\.ffn_(gate|up|down)\\.weight$`))));
      impacts.push({ layer, fall });
    }
    const meanMove = async (flips: readonly Flip[]): Promise<number> => {
      let sum = 0;
      for (const flip of flips) sum += Math.abs(await change([flip]));
      return sum / flips.length;
    };
    const random = seededRandom(seed);
    const byScale = scaleWeightedRows(engine, { layers: impacts.map(({ layer }) => layer) });
    const sampled = await meanMove(Array.from({ length: ROWS }, () => byScale.next(random)));
    const rows = rowsOf(/\.ffn_(gate|up)\.weight$/);
    const even = await meanMove(shuffle([...rows], random).slice(0, ROWS));
    const scales = new Map(engine.tensors.map((tensor) => [tensor.name, meanScales(engine, tensor)]));
    const scaleOf = ({ tensor, row }: RowFlip): number => scales.get(tensor)?.[row] ?? 0;
    const highest = await meanMove([...rows].sort((a, b) => scaleOf(b) - scaleOf(a)).slice(0, ROWS));
    meter.dispose();

    const ranked = [...impacts].sort((a, b) => b.fall - a.fall);
    const ratio = sampled / even;
    return {
      columns: ['what is inverted', 'fall of the mean log-probability of the right answers (nats)'],
      rows: [
        ...impacts.map(({ layer, fall }) => [`the MLP of layer ${layer}`, fall.toFixed(3)]),
        [`one of ${ROWS} rows drawn by scale, either way`, sampled.toFixed(5)],
        [`one of ${ROWS} rows drawn evenly, either way`, even.toFixed(5)],
        [`one of the ${ROWS} rows of the largest mean scale, either way`, highest.toFixed(5)],
      ],
      chart: {
        bars: impacts.map(({ layer, fall }) => ({ label: `layer ${layer}`, value: fall, note: fall.toFixed(3) })),
      },
      sentences: [
        `Layer ${ranked[0].layer} of ${engine.config.layers} matters most (${ranked[0].fall.toFixed(2)} nats), layer ${ranked.at(-1)?.layer} least (${ranked.at(-1)?.fall.toFixed(2)}).`,
        `A row drawn by scale moves the answers ${ratio.toFixed(2)} times as much as one drawn evenly: ${againstPublished(ratio)} the published ${PUBLISHED_RATIO}.`,
        `The rows of the largest scale outright move them ${(highest / even).toFixed(2)} times as much, which is another choice than the published one.`,
      ],
    };
  },
};

function againstPublished(ratio: number): string {
  if (ratio > PUBLISHED_RATIO) return 'more than';
  return ratio > 1.1 ? 'in the same direction, but less than' : 'not as';
}
