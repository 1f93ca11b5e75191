// The pad on which a digit is drawn: by mouse, finger or pen, or with the arrow keys.
(() => {
  "use strict";
  const lab = (globalThis.autoencoderLab ??= {});
  const SIZE = 280; // pixels of the pad's canvas
  const EDGE = 0.05;

  /** Let the pad of a section be drawn on; `changed(strokes)` is called with points from 0 to 1. */
  lab.drawingPad = ({ part, watch, say }, changed) => {
    const [pad, hint] = [part("pad"), part("hint")];
    const { SIDE, paint } = lab.pictures;
    let strokes = [];
    let drawing = false;
    const cursor = { x: 0.5, y: 0.5, down: false };

    function show() {
      const picked = lab.input.picture;
      hint.hidden = strokes.length > 0 || picked !== null;
      if (picked !== null && !strokes.length) {
        const { pixels } = lab.pictures.given[picked];
        paint(pad, lab.input.turned ? pixels.slice().reverse() : pixels);
      } else showStrokes();
      if (document.activeElement === pad && pad.matches(":focus-visible")) showCursor();
    }

    function showStrokes() {
      pad.width = pad.height = SIZE;
      const pen = pad.getContext("2d");
      pen.fillRect(0, 0, SIZE, SIZE);
      if (lab.input.turned) pen.setTransform(-1, 0, 0, -1, SIZE, SIZE);
      pen.strokeStyle = "#fff";
      pen.lineCap = pen.lineJoin = "round";
      pen.lineWidth = 0.1 * SIZE;
      for (const stroke of strokes) {
        pen.beginPath();
        for (const [x, y] of [stroke[0], ...stroke]) pen.lineTo(x * SIZE, y * SIZE);
        pen.stroke();
      }
    }

    function showCursor() {
      const scale = pad.width;
      const pen = pad.getContext("2d");
      pen.strokeStyle = cursor.down ? "#f80" : "#0cf";
      pen.lineWidth = scale / 90;
      pen.beginPath();
      pen.arc(cursor.x * scale, cursor.y * scale, scale / 23, 0, 7);
      pen.stroke();
    }

    /** A point on the pad as it is seen, as one of the drawing, which may stand on its head. */
    const point = ([x, y]) => lab.input.turned ? [1 - x, 1 - y] : [x, y];

    function begin(at) {
      strokes.push([point(at)]);
      changed(strokes);
    }

    function goOn(at) {
      strokes.at(-1).push(point(at));
      changed(strokes);
    }

    const place = (event) => {
      const box = pad.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    pad.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      drawing = true;
      pad.setPointerCapture(event.pointerId);
      begin(place(event));
    });
    pad.addEventListener("pointermove", (event) => {
      if (!drawing) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length ? events : [event]) goOn(place(one));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      pad.addEventListener(end, () => {
        drawing = false;
      });
    }

    pad.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const [right, down] = step[event.key] ?? [0, 0];
      if (event.key === " ") {
        cursor.down = !cursor.down;
        if (cursor.down) begin([cursor.x, cursor.y]);
      } else if (right || down) {
        const width = (event.shiftKey ? 4 : 1) / SIDE;
        cursor.x = Math.min(1 - EDGE, Math.max(EDGE, cursor.x + right * width));
        cursor.y = Math.min(1 - EDGE, Math.max(EDGE, cursor.y + down * width));
        if (cursor.down) goOn([cursor.x, cursor.y]);
      } else return;
      event.preventDefault();
      show();
      const [column, row] = [cursor.x, cursor.y].map((place) => Math.floor(place * SIDE) + 1);
      say(`Pen ${cursor.down ? "down" : "up"}, column ${column}, row ${row} of ${SIDE}.`);
    });
    pad.addEventListener("focus", show);
    pad.addEventListener("blur", () => {
      cursor.down = false;
      show();
    });

    watch(() => {
      if (lab.input.picture !== null) strokes = [];
      show();
    });
    return {
      clear() {
        strokes = [];
        changed(strokes);
      },
    };
  };
})();
