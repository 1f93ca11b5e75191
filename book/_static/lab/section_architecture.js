// Architecture: the numbers of a code by hand, codes of three sizes, and a plane of two numbers.
(() => {
  "use strict";
  const lab = globalThis.autoencoderLab;
  const HEADROOM = 1.3; // a bar reaches this much beyond what test digits need

  lab.section("bars", ["digits"], ({ part, watch, say }, [network]) => {
    const { paint, squaredError } = lab.pictures;
    const bars = part("bars");
    const full = network.range[1].map((value) => Math.max(value, 1e-6) * HEADROOM);
    let code = []; // the encoder's
    let own = []; // the reader's
    let unit = 0;
    full.forEach(() => {
      const bar = document.createElement("div");
      bar.append(document.createElement("b"), document.createElement("i"));
      bars.append(bar);
    });

    function show() {
      own.forEach((value, n) => {
        const [is, was] = bars.children[n].children;
        was.style.height = `${Math.min(100, 100 * code[n] / full[n])}%`;
        is.style.height = `${Math.min(100, 100 * value / full[n])}%`;
        bars.children[n].classList.toggle("lab-chosen", n === unit);
      });
      part("unit").value = unit + 1;
      part("unit-value").textContent = `${unit + 1} of ${full.length}`;
      part("value").max = full[unit];
      part("value").step = full[unit] / 50;
      part("value").value = own[unit];
      part("value-value").textContent = own[unit].toFixed(1);
      const rebuilt = network.decode(own);
      const error = squaredError(rebuilt, lab.clean);
      paint(part("answer"), rebuilt);
      lab.writeError(part("error"), error);
      say(`Number ${unit + 1} is ${own[unit].toFixed(1)}. Squared error ${error.toFixed(1)}.`);
    }
    function set(n, value) {
      unit = n;
      own[n] = value;
      show();
    }
    function fromPointer(event) {
      const inside = ({ left, right, top, bottom }) =>
        event.clientX >= left - 1 && event.clientX <= right + 1 &&
        event.clientY >= top - 4 && event.clientY <= bottom + 4;
      const boxes = [...bars.children].map((bar) => bar.getBoundingClientRect());
      const n = event.type === "pointerdown" ? boxes.findIndex(inside) : unit;
      if (n < 0) return;
      const { bottom, height } = boxes[n];
      set(n, lab.pictures.clip((bottom - event.clientY) / height) * full[n]);
    }
    bars.addEventListener("pointerdown", (event) => {
      bars.setPointerCapture(event.pointerId);
      fromPointer(event);
    });
    bars.addEventListener("pointermove", (event) => {
      if (bars.hasPointerCapture(event.pointerId)) fromPointer(event);
    });
    part("unit").addEventListener("input", () => {
      unit = part("unit").value - 1;
      show();
    });
    part("value").addEventListener("input", () => set(unit, Number(part("value").value)));
    function reset() {
      own = code.slice();
      show();
    }
    part("reset").addEventListener("click", reset);
    watch(() => {
      code = network.encode(lab.clean);
      paint(part("input"), lab.clean);
      reset();
    });
  });

  lab.section("sizes", ["digits_2", "digits_8", "digits"], ({ part, watch, say }, networks) => {
    const { paint, squaredError } = lab.pictures;
    watch(() => {
      paint(part("input"), lab.clean);
      const errors = networks.map((network) => {
        const rebuilt = network.decode(network.encode(lab.clean));
        const error = squaredError(rebuilt, lab.clean);
        paint(part(`size-${network.codeSize}`), rebuilt);
        lab.writeError(part(`size-${network.codeSize}-error`), error);
        return `with ${network.codeSize} numbers ${error.toFixed(1)}`;
      });
      say(`Squared error ${errors.join(", ")}.`);
    });
  });

  // Each axis of the plane is stretched so that its strips hold equally many test digits.
  lab.section("plane", ["plane"], ({ part, watch, say }, [network]) => {
    const { paint, clip } = lab.pictures;
    const SIZE = 640;
    const RIM = 24;
    const plane = part("plane");
    const { marks, map } = network;
    const at = [0.5, 0.5];

    function toValue(axis, share) {
      const steps = marks[axis].length - 1;
      const n = Math.min(steps - 1, Math.floor(share * steps));
      return marks[axis][n] + (share * steps - n) * (marks[axis][n + 1] - marks[axis][n]);
    }
    function toShare(axis, value) {
      const steps = marks[axis].length - 1;
      const above = marks[axis].findIndex((mark) => mark >= value);
      if (above <= 0) return above ? 1 : 0;
      const [low, high] = [marks[axis][above - 1], marks[axis][above]];
      return clip((above - 1 + (value - low) / (high - low)) / steps);
    }
    const x = (share) => RIM + share * (SIZE - 2 * RIM);
    const y = (share) => SIZE - x(share);

    // The digits of the map in the plane, drawn once for each theme.
    const places = map.map((
      [first, second, digit],
    ) => [toShare(0, first), toShare(1, second), digit]);
    const ground = document.createElement("canvas");
    function drawGround() {
      ground.width =
        ground.height =
        plane.width =
        plane.height =
          SIZE;
      const pen = ground.getContext("2d");
      pen.font = "600 19px system-ui, sans-serif";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillStyle = getComputedStyle(plane).color;
      for (const [first, second, digit] of places) pen.fillText(digit, x(first), y(second));
    }

    function show() {
      const pen = plane.getContext("2d");
      pen.clearRect(0, 0, SIZE, SIZE);
      pen.drawImage(ground, 0, 0);
      pen.strokeStyle = getComputedStyle(plane).borderTopColor;
      pen.lineWidth = 7;
      pen.beginPath();
      pen.arc(x(at[0]), y(at[1]), 18, 0, 7);
      pen.stroke();
      const code = at.map((share, axis) => toValue(axis, share));
      code.forEach((value, axis) => {
        part(`axis-${axis}`).value = at[axis];
        part(`axis-${axis}`).setAttribute("aria-valuetext", value.toFixed(1));
        part(`axis-${axis}-value`).textContent = value.toFixed(1);
      });
      paint(part("answer"), network.decode(code));
      const [distance, digit] = nearest();
      part("nearest").textContent = distance < 0.05 ? `near a ${digit}` : "near none of them";
      say(
        `At ${code.map((value) => value.toFixed(1)).join(" and ")}, ${
          part("nearest").textContent
        }.`,
      );
    }
    /** How far the nearest test digit of the map is, in shares of the plane, and which it is. */
    function nearest() {
      const found = places.map(([first, second, digit]) => [
        Math.hypot(first - at[0], second - at[1]),
        digit,
      ]);
      return found.reduce((best, one) => one[0] < best[0] ? one : best);
    }
    function go(first, second) {
      at[0] = clip(first);
      at[1] = clip(second);
      show();
    }
    function fromPointer(event) {
      const box = plane.getBoundingClientRect();
      const edge = RIM / SIZE;
      const share = (place) => (place - edge) / (1 - 2 * edge);
      go(
        share((event.clientX - box.left) / box.width),
        share(1 - (event.clientY - box.top) / box.height),
      );
    }
    plane.addEventListener("pointerdown", (event) => {
      plane.setPointerCapture(event.pointerId);
      fromPointer(event);
    });
    plane.addEventListener("pointermove", (event) => {
      if (plane.hasPointerCapture(event.pointerId)) fromPointer(event);
    });
    [0, 1].forEach((axis) => {
      const range = part(`axis-${axis}`);
      range.addEventListener("input", () => {
        const wanted = at.slice();
        wanted[axis] = Number(range.value);
        go(...wanted);
      });
    });
    const mine = () =>
      go(...[...network.encode(lab.clean)].map((value, axis) => toShare(axis, value)));
    part("mine").addEventListener("click", mine);
    drawGround();
    watch(mine);
    new MutationObserver(() => {
      drawGround();
      show();
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  });
})();
