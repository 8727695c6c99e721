/* Draws a horizontal and a vertical bar and asks the exported network for their classes. */
#include <stdint.h>
#include <stdio.h>

#include "generated/bars.h"

enum { SIZE = 28, CLASSES = 10 };

/* The class is the first of the largest logits. */
static int classify(const uint8_t *pixels) {
  int16_t logits[CLASSES];
  int best = 0;
  bars_infer_pixels(pixels, logits);
  for (int c = 1; c < CLASSES; c++) {
    if (logits[c] > logits[best]) best = c;
  }
  return best;
}

int main(void) {
  /* Classes 0 to 4 are rows from the top, 5 to 9 are columns from the left. */
  for (int column = 0; column < 2; column++) {
    uint8_t pixels[SIZE * SIZE] = {0};
    for (int along = 4; along < 24; along++) {
      for (int across = 12; across < 15; across++) {
        pixels[column ? along * SIZE + across : across * SIZE + along] = 230;
      }
    }
    printf("%s in the middle: class %d\n", column ? "column" : "row", classify(pixels));
  }
  return 0;
}
