/** Owns how the impact of layers looks: `bankai layers`, as lines and as SVG. */
import { barChartSvg } from './bar-chart-svg.js';
import { renderBars } from './bars.js';
import { plural } from './number.js';
import { printable } from './text.js';
import type { View } from './view.js';

/** What `bankai layers --json` prints: `schema/layers.schema.json`. */
export interface LayersReport {
  readonly probes: { readonly name: string; readonly count: number };
  readonly layers: readonly LayerImpact[];
}

export interface LayerImpact {
  readonly layer: number;
  /** Change of the mean log-probability of the correct answers, in nats, when the layer's MLP rows are inverted. */
  readonly impact: number;
}

/** Writes one bar a layer, in the order of the layers, and names those that matter most. */
export function renderLayers(report: LayersReport, view: View): string[] {
  return [
    `What inverting a layer's MLP costs ${printable(report.probes.name)} (${plural(report.probes.count, 'probe')}):`,
    'fall of the mean log-probability of the correct answers, in nats',
    '',
    ...renderBars(bars(report), view),
    '',
    ...summary(report),
  ];
}

/** Draws the same as an SVG document. */
export function layersSvg(report: LayersReport): string {
  return barChartSvg({
    title: `What inverting each layer costs ${report.probes.name}`,
    description: `Fall of the mean log-probability of the correct answers, in nats, when a layer's MLP is inverted. ${summary(report).join(' ')}`,
    bars: bars(report),
  });
}

function bars(report: LayersReport) {
  return report.layers.map(({ layer, impact }) => ({
    label: `layer ${String(layer).padStart(String(report.layers.length - 1).length)}`,
    value: -impact,
    // Adding zero turns -0 into 0.
    note: (Number((-impact).toFixed(3)) + 0).toFixed(3),
  }));
}

function summary(report: LayersReport): string[] {
  const ranked = [...report.layers].sort((a, b) => Math.abs(b.impact) - Math.abs(a.impact) || a.layer - b.layer);
  if (ranked.length === 0) return [];
  const most = ranked.slice(0, Math.min(3, ranked.length)).map(({ layer }) => layer);
  return [`Largest impact: ${most.length === 1 ? 'layer' : 'layers'} ${most.join(', ')}.`];
}
