/**
 * Networks: configuration, layers, the paper's networks. A network never computes; the train room does.
 *
 * @module fewbit/nn
 */
export type * from './configuration.js';
export type { Layer, Parameter, Shape } from './layer.js';
export { defineNetwork, networkFromJSON, NetworkDefinition } from './network.js';
export { mapLayers } from './names.js';
export { parsePrecisionSchedule } from './schema.js';
export { ROLES, type Settings } from './settings.js';
export { zoo, ZOO_NAMES, type ZooName, type ZooOptions } from './zoo.js';
