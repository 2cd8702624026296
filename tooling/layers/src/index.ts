export { checkLayers, type LayerReport } from './check-layers.ts';
export { main } from './main.ts';
export { LAYERS, type Layer, layerOf, mayImport, type Reach } from './table.ts';
export type { Rule, Violation } from './violation.ts';
