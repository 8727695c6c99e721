/**
 * The paper's figures as sets of runs: which settings of which recipe, for how long, and what the paper has for each of
 * them; and figures of the same kind beyond it. Gupta et al. 2015, figures 1 to 3 and section 4; docs/reproduction.md.
 */
import { percentText } from '../draw/text.js';
import type { Look } from '../draw/theme.js';
import type { NetworkChanges, Subset } from '../run/configuration.js';

/** Test error that the paper has for a setting. */
export interface PaperValue {
  /** null if the paper gives no number. */
  readonly errorPercent: number | null;
  readonly text: string;
}

/** One curve of a figure. */
export interface FigureSetting {
  readonly name: string;
  /** Name of the recipe. */
  readonly recipe: string;
  readonly changes: NetworkChanges;
  readonly look: Look;
  readonly paper: PaperValue;
}

/** What a figure is called on the command line. */
export type FigureName = 'figure1' | 'figure2' | 'figure3' | 'mixed' | 'resnet8' | 'resnet20';

/** One figure: its curves, and how long they are trained. */
export interface Figure {
  readonly name: FigureName;
  readonly title: string;
  readonly epochs: number;
  /** The reference for its errors: the paper's, or, beyond the paper, those of its first setting, float32. */
  readonly against: 'paper' | 'float32';
  /** A trial in minutes: it shows that everything works, not what the paper shows. */
  readonly quick: { readonly epochs: number; readonly subset: Required<Omit<Subset, 'validation'>> };
  readonly settings: readonly FigureSetting[];
}

/** Colours by rounding: float32, three of stochastic rounding, three of round-to-nearest, mixed precision. */
export const FIGURE_COLOURS = {
  light: ['#3d444d', '#0b3d91', '#1f7ac4', '#0f8f8f', '#8a1c0e', '#d1480f', '#b07a00', '#7b3fb3'],
  dark: ['#c9d1d9', '#b9a8ff', '#58a6ff', '#3fc9c9', '#ff6b81', '#ff9f4a', '#e3d041', '#f778ba'],
} as const;

const NONE: PaperValue = { errorPercent: null, text: '–' };
const published = (errorPercent: number): PaperValue => ({
  errorPercent,
  text: percentText(errorPercent, errorPercent < 1 ? 2 : 1),
});
const inWords = (text: string): PaperValue => ({ errorPercent: null, text });

function float32(recipe: string, paper: PaperValue): FigureSetting {
  const look = { colour: 0, marker: 0, dashed: true };
  return { name: 'float32', recipe, changes: { formats: 'float32' }, look, paper };
}

/** Markers and shades by fraction bits, so that equal formats have equal markers. */
const PLACES: Readonly<Record<number, number>> = { 14: 1, 12: 2, 10: 2, 8: 3 };

function fixedPoint(
  recipe: string,
  rounding: 'stochastic' | 'nearest',
  fl: 8 | 10 | 12 | 14,
  formats: NetworkChanges['formats'] & {},
  paper: PaperValue,
): FigureSetting {
  const place = PLACES[fl] ?? 1;
  const look = { colour: rounding === 'stochastic' ? place : place + 3, marker: place };
  return { name: `${rounding} FL ${fl}`, recipe, changes: { formats, rounding }, look, paper };
}

/** With 14 fraction bits the activations need the range. */
const FL14 = { weight: '<2,14>', activation: '<6,10>' } as const;
const FL12 = { weight: '<4,12>', activation: '<6,10>' } as const;

/** Figures 2 and 3 have the same settings, and those beyond the paper. */
function convolutional(recipe: string, paper: Readonly<Record<string, PaperValue>>): FigureSetting[] {
  const { float = NONE, stochastic14 = NONE, stochastic12 = NONE, nearest = NONE } = paper;
  return [
    float32(recipe, float),
    fixedPoint(recipe, 'stochastic', 14, FL14, stochastic14),
    fixedPoint(recipe, 'stochastic', 12, FL12, stochastic12),
    fixedPoint(recipe, 'nearest', 14, FL14, nearest),
    fixedPoint(recipe, 'nearest', 12, FL12, nearest),
  ];
}

const ABOUT_FLOAT: PaperValue = { errorPercent: 1.4, text: 'about 1.4 %' };
const DNN = 'mnist-dnn';
const CIFAR = 'cifar10-cnn';
const CIFAR_FLOAT = float32(CIFAR, published(24.6));
const CIFAR_FL12 = published(28.8);

/** Whether 16 bits are enough for residual networks with batch normalisation too, which the paper leaves open. */
function residual(name: 'resnet8' | 'resnet20', layers: number): Figure {
  return {
    name,
    title: `Beyond the paper: residual network of ${layers} layers on CIFAR-10`,
    epochs: 16,
    against: 'float32',
    quick: { epochs: 2, subset: { train: 2_000, test: 500 } },
    settings: convolutional(`cifar10-${name}`, {}),
  };
}

/** All that `reproduce` knows, in order. */
export const figures: readonly Figure[] = [
  {
    name: 'figure1',
    title: 'Figure 1: fully connected network on MNIST',
    epochs: 20,
    against: 'paper',
    quick: { epochs: 2, subset: { train: 10_000, test: 2_000 } },
    settings: [
      float32(DNN, published(1.4)),
      fixedPoint(DNN, 'stochastic', 14, FL14, ABOUT_FLOAT),
      fixedPoint(DNN, 'stochastic', 10, '<6,10>', ABOUT_FLOAT),
      fixedPoint(DNN, 'stochastic', 8, '<8,8>', ABOUT_FLOAT),
      fixedPoint(DNN, 'nearest', 14, FL14, NONE),
      fixedPoint(DNN, 'nearest', 10, '<6,10>', inWords('much worse')),
      fixedPoint(DNN, 'nearest', 8, '<8,8>', inWords('does not learn')),
    ],
  },
  {
    name: 'figure2',
    title: 'Figure 2: LeNet on MNIST',
    epochs: 30,
    against: 'paper',
    quick: { epochs: 3, subset: { train: 20_000, test: 2_000 } },
    settings: convolutional('mnist-lenet', {
      float: published(0.77),
      stochastic14: published(0.83),
      stochastic12: published(0.9),
      nearest: inWords('does not converge'),
    }),
  },
  {
    name: 'figure3',
    title: 'Figure 3: convolutional network on CIFAR-10',
    epochs: 16,
    against: 'paper',
    quick: { epochs: 2, subset: { train: 2_000, test: 500 } },
    settings: convolutional(CIFAR, {
      float: published(24.6),
      stochastic14: published(25.4),
      stochastic12: CIFAR_FL12,
      nearest: inWords('diverges'),
    }),
  },
  {
    name: 'mixed',
    title: 'Mixed precision: 16 bits, then 20 bits for the last epochs, on CIFAR-10',
    epochs: 16,
    against: 'paper',
    quick: { epochs: 2, subset: { train: 2_000, test: 500 } },
    settings: [
      CIFAR_FLOAT,
      fixedPoint(CIFAR, 'stochastic', 12, FL12, CIFAR_FL12),
      {
        name: 'FL 12, then FL 16',
        recipe: 'cifar10-mixed',
        changes: {},
        look: { colour: 7, marker: 4 },
        paper: NONE,
      },
    ],
  },
  residual('resnet8', 8),
  residual('resnet20', 20),
];
