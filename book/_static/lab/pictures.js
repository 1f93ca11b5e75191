// Pictures of 28 by 28 pixels from 0 to 1: from strokes, moved, turned, with noise, on a canvas.
(() => {
  "use strict";
  const lab = (globalThis.autoencoderLab ??= {});
  const SIDE = 28;
  const PIXELS = SIDE * SIDE;
  const PEN = 2.8; // pixels, about the width of MNIST's strokes
  const BOX = 20; // MNIST's digits are scaled to this side
  const MIDDLE = 14.5; // where their ink balances: in pixel 14, counted from 0, on either axis
  const given = [];

  /** Called by models/pictures.js: pictures as bytes in base64, with a kind and a name each. */
  lab.addPictures = (kinds, names, base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    names.forEach((name, n) => {
      const part = bytes.subarray(n * PIXELS, (n + 1) * PIXELS);
      given.push({ kind: kinds[n], name, pixels: Float32Array.from(part, (byte) => byte / 255) });
    });
  };

  /**
   * Round strokes, by the distance of each pixel to the pen's way: a canvas would be drawn
   * differently by each browser, and some give false pixels to whoever reads them.
   */
  function rasterize(strokes, pen, place) {
    const image = new Float32Array(PIXELS);
    for (const stroke of strokes) {
      const points = stroke.map(place);
      points.forEach((end, n) => mark(image, points[Math.max(0, n - 1)], end, pen));
    }
    return image;
  }

  function mark(image, [ax, ay], [bx, by], pen) {
    const reach = pen / 2 + 1;
    const [dx, dy] = [bx - ax, by - ay];
    const square = dx * dx + dy * dy;
    const rows = within(ay, by, reach);
    const columns = within(ax, bx, reach);
    for (let y = rows[0]; y <= rows[1]; y++) {
      for (let x = columns[0]; x <= columns[1]; x++) {
        const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
        const along = square ? clip((px * dx + py * dy) / square) : 0;
        const ink = clip(pen / 2 + 0.5 - Math.hypot(px - along * dx, py - along * dy));
        image[y * SIDE + x] = Math.max(image[y * SIDE + x], ink);
      }
    }
  }

  const clip = (value) => Math.min(1, Math.max(0, value));
  const within = (a, b, reach) => [
    Math.max(0, Math.floor(Math.min(a, b) - reach)),
    Math.min(SIDE - 1, Math.ceil(Math.max(a, b) + reach)),
  ];

  /** Strokes, whose points run from 0 to 1 across the pad, as they were drawn. */
  const asDrawn = (strokes) => rasterize(strokes, PEN, ([x, y]) => [x * SIDE, y * SIDE]);

  /**
   * Strokes as MNIST was made: the longer side becomes 20 pixels, the centre of mass goes to the
   * middle. The pen keeps its width, however large the drawing.
   */
  function asMnist(strokes) {
    const points = strokes.flat();
    if (!points.length) return new Float32Array(PIXELS);
    const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
    const size = (BOX - PEN) / Math.max(right - left, bottom - top, 0.05);
    const place = (middleX, middleY) => ([x, y]) => [
      (x - (left + right) / 2) * size + middleX,
      (y - (top + bottom) / 2) * size + middleY,
    ];
    const [x, y] = centreOfMass(rasterize(strokes, PEN, place(MIDDLE, MIDDLE)));
    return rasterize(strokes, PEN, place(2 * MIDDLE - x, 2 * MIDDLE - y));
  }

  /** Where the ink of an image balances, in pixels from its left and upper edge. */
  function centreOfMass(image) {
    let [mass, x, y] = [0, 0, 0];
    image.forEach((ink, n) => {
      mass += ink;
      x += ink * (n % SIDE + 0.5);
      y += ink * (Math.floor(n / SIDE) + 0.5);
    });
    return mass ? [x / mass, y / mass] : [MIDDLE, MIDDLE];
  }

  /** An image moved by whole pixels; what leaves the frame is lost, and what comes in is black. */
  function moved(image, right, down) {
    const result = new Float32Array(PIXELS);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const [fromX, fromY] = [x - right, y - down];
        if (fromX < 0 || fromX >= SIDE || fromY < 0 || fromY >= SIDE) continue;
        result[y * SIDE + x] = image[fromY * SIDE + fromX];
      }
    }
    return result;
  }

  /** An image moved by whole pixels so that its centre of mass lies in the pixel of MNIST's. */
  function centred(image) {
    const [right, down] = centreOfMass(image).map((place) =>
      Math.floor(MIDDLE) - Math.floor(place)
    );
    return moved(image, right, down);
  }

  /** Numbers from the standard normal distribution: the same ones for a seed, in every browser. */
  function normals(count, seed) {
    let state = seed >>> 0;
    const uniform = () => { // T. Ettinger's mulberry32
      state = (state + 0x6d2b79f5) >>> 0;
      let bits = Math.imul(state ^ (state >>> 15), state | 1);
      bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
      return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
    };
    const draw = () =>
      // Box and Muller, 1958
      Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return Float64Array.from({ length: count }, draw);
  }

  /** An image with noise of that strength, cut off at black and white as an image file would. */
  const noisy = (image, sigma, noise) =>
    sigma ? image.map((value, n) => clip(value + sigma * noise[n])) : image;

  /** Squared differences, summed over pixels: the book's error. */
  const squaredError = (a, b) => a.reduce((sum, value, n) => sum + (value - b[n]) ** 2, 0);

  /**
   * Paint numbers on a canvas, white on black in either theme. With `signed`, 0 is mid-grey, and
   * the number that is furthest from it black or white.
   */
  function paint(canvas, numbers, signed = false) {
    if (canvas.width !== SIDE || canvas.height !== SIDE) canvas.width = canvas.height = SIDE;
    const image = new ImageData(SIDE, SIDE);
    const largest = signed ? numbers.reduce((most, one) => Math.max(most, Math.abs(one)), 1e-9) : 1;
    for (let n = 0; n < PIXELS; n++) {
      const level = signed ? 0.5 + numbers[n] / largest / 2 : numbers[n];
      image.data.fill(Math.round(255 * level), 4 * n, 4 * n + 3);
      image.data[4 * n + 3] = 255;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  lab.pictures = {
    SIDE,
    PIXELS,
    given,
    asDrawn,
    asMnist,
    centred,
    moved,
    normals,
    noisy,
    squaredError,
    paint,
    clip,
  };
})();
