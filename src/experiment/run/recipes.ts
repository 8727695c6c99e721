/**
 * The paper's experiments as run configurations, by name: a network of the zoo with its training settings,
 * data, batch and a length that shows the effect. Gupta et al. 2015, figures 1 to 3; docs/experiments.md,
 * section "Recipes".
 */
import { zoo, type ZooName, type ZooOptions } from '../../nn/index.js';
import type { PartialRunConfiguration } from './configuration.js';

/** One of the paper's experiments: which network on which data, for how long. */
export interface Recipe {
  readonly name: string;
  readonly description: string;
  readonly network: ZooName;
  readonly data: string;
  readonly batch: number;
  readonly epochs: number;
  /** The differences from the zoo's network in a training of `epochs` epochs. */
  readonly settings?: (epochs: number) => Omit<ZooOptions, 'seed' | 'epochs'>;
}

/** One recipe per figure. Formats and rounding are the network's own until they are changed. */
export const recipes: readonly Recipe[] = [
  {
    name: 'mnist-dnn',
    description: 'Figure 1: 784-1000-1000-10 on MNIST, learning rate 0.1, no momentum, no decay',
    network: 'dnn',
    data: 'mnist',
    batch: 100,
    epochs: 3,
  },
  {
    name: 'mnist-lenet',
    description: 'Figure 2: LeNet on MNIST, learning rate 0.1 x 0.95 per epoch, momentum 0.9, decay 0.0005',
    network: 'lenet',
    data: 'mnist',
    batch: 100,
    epochs: 3,
  },
  {
    name: 'cifar10-cnn',
    description:
      'Figure 3: three convolutions of 64 channels on CIFAR-10, learning rate 0.01 halved three times, momentum 0.9, decay 0.0005',
    network: 'cifar',
    data: 'cifar10',
    batch: 100,
    epochs: 16,
  },
  {
    name: 'cifar10-mixed',
    description:
      'Mixed precision: the network of figure 3 in 16 bits, parameters <4,12>, and in 20 bits, <4,16>, for the last eighth of the epochs',
    network: 'cifar',
    data: 'cifar10',
    batch: 100,
    epochs: 16,
    settings: (epochs) => ({
      name: 'cifar-mixed',
      formats: { weight: '<4,12>', activation: '<6,10>' },
      precisionSchedule: [
        {
          // At least the last epoch if there is more than one.
          epoch: Math.max(1, Math.min(Math.round((7 * epochs) / 8), epochs - 1)),
          formats: { weight: '<4,16>', activation: '<6,14>' },
        },
      ],
    }),
  },
  {
    name: 'cifar10-resnet8',
    description:
      'Beyond the paper: a residual network of 8 layers with batch normalisation on CIFAR-10, learning rate 0.1 divided by 10 twice, momentum 0.9, decay 0.0001',
    network: 'resnet8',
    data: 'cifar10',
    batch: 100,
    epochs: 16,
  },
  {
    name: 'cifar10-resnet20',
    description: 'Beyond the paper: the same with 20 layers',
    network: 'resnet20',
    data: 'cifar10',
    batch: 100,
    epochs: 16,
  },
];

/** The recipe as a run configuration with the seed given; `epochs` also places milestones of its schedule. */
export function recipeConfiguration(recipe: Recipe, options: ZooOptions): PartialRunConfiguration {
  const { network, data, batch, epochs, settings } = recipe;
  const chosen = { epochs, ...settings?.(options.epochs ?? epochs), ...options };
  return { network: zoo[network](chosen), data, batch, epochs };
}
