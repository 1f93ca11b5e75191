// What all sections share: the picture that they look at, and how each of them begins.
(() => {
  "use strict";
  const lab = (globalThis.autoencoderLab ??= {});
  const { pictures } = lab;
  const FIRST_PICTURE = 7; // a 7
  const QUIET = 800; // milliseconds without a change before a screen reader is told
  const sections = [];
  const watchers = [];
  const input = {
    strokes: [],
    picture: FIRST_PICTURE, // of those given; null while there are strokes
    turned: false,
    centring: true,
    right: 0,
    down: 0,
  };

  /** The clean picture that every network is to rebuild. */
  function clean() {
    const { strokes, turned, right, down } = input;
    const share = 1 / pictures.SIDE;
    if (input.picture === null) {
      const placed = strokes.map((stroke) =>
        stroke.map(([x, y]) => [
          (turned ? 1 - x : x) + right * share,
          (turned ? 1 - y : y) + down * share,
        ])
      );
      return (input.centring ? pictures.asMnist : pictures.asDrawn)(placed);
    }
    const { kind, pixels } = pictures.given[input.picture];
    const upright = turned ? pixels.slice().reverse() : pixels;
    const placed = right || down ? pictures.moved(upright, right, down) : upright;
    // A photograph fills its frame: it has no ink whose middle could be found.
    return input.centring && kind !== "photo" ? pictures.centred(placed) : placed;
  }

  /** Change the shared picture; every section in sight answers anew. */
  lab.change = (changes) => {
    Object.assign(input, changes);
    lab.clean = clean();
    for (const watcher of watchers) watcher.stale = true;
    answerInSight();
  };
  lab.input = input;

  function answerInSight() {
    for (const watcher of watchers) {
      if (!watcher.stale || !watcher.inSight()) continue;
      watcher.stale = false;
      watcher.answer();
    }
  }

  let waiting;
  /** Have a screen reader say a sentence once nothing has changed for a while. */
  function tell(sentence) {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      document.getElementById("lab-said").textContent = sentence;
    }, QUIET);
  }

  /**
   * A section of the page.
   *
   * `name` is that of its `data-lab` element, `models` names the networks that it begins with, and
   * `begin(section, networks)` is called once these are there. Of the section, `part(name)` is the
   * element of that `data-part`, `watch(answer)` calls a function now and whenever the shared
   * picture has changed and the section is in sight, and `say(sentence)` tells a screen reader,
   * unless another section has the focus.
   */
  lab.section = (name, models, begin) => sections.push({ name, models, begin });

  function start({ name, models, begin }) {
    const root = document.querySelector(`[data-lab="${name}"]`);
    if (!root) return;
    let inSight = false;
    const part = (which) => root.querySelector(`[data-part="${which}"]`);
    const watch = (answer) => {
      watchers.push({ answer, inSight: () => inSight, stale: false });
      answer();
    };
    const say = (sentence) => {
      const focused = document.activeElement?.closest("[data-lab]");
      if (!focused || focused === root) tell(sentence);
    };
    async function arrive() {
      try {
        const networks = await Promise.all(models.map(lab.load));
        root.classList.add("lab-live");
        begin({ root, part, watch, say }, networks);
      } catch (error) {
        failed(root, error);
      }
    }
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      arrive();
    }, { rootMargin: "300px" }).observe(root);
    new IntersectionObserver((entries) => {
      inSight = entries.at(-1).isIntersecting;
      answerInSight();
    }).observe(root);
  }

  /** Say in a section that it cannot run, and leave its still picture where it is. */
  function failed(root, error) {
    root.classList.remove("lab-live");
    const sentence = document.createElement("p");
    sentence.className = "lab-failed";
    sentence.setAttribute("role", "status");
    sentence.textContent =
      `This part of the lab cannot run: ${error.message}. Reload the page to try again. The other parts do not need it.`;
    root.prepend(sentence);
  }
  lab.failed = failed;

  /**
   * Write an error below a picture.
   *
   * With the name of a network it also says for how many test images that one's error is smaller;
   * `beside` says beside what the picture was set, where that is not the clean one.
   */
  lab.writeError = (element, error, { name, beside = "" } = {}) => {
    element.textContent = `error ${error.toFixed(1)}${beside && ` beside ${beside}`}`;
    if (!name) return;
    const marks = lab.published[name].quantiles; // of the test errors, from the least to the most
    const share = Math.round(100 * marks.filter((mark) => mark < error).length / marks.length);
    element.textContent += share === 100
      ? ", larger than for any test digit"
      : `, larger than for ${share} % of test digits`;
  };

  /**
   * A row of buttons of which one is a stop of the tab key; arrow keys go from one to the next. The
   * function that is returned sees to it that it is the pressed one, or the first.
   */
  lab.rove = (group) => {
    const buttons = () => [...group.querySelectorAll("button")];
    const only = (chosen) => {
      for (const button of buttons()) button.tabIndex = button === chosen ? 0 : -1;
    };
    group.addEventListener("keydown", (event) => {
      const all = buttons();
      const at = all.indexOf(document.activeElement);
      const to = {
        ArrowRight: at + 1,
        ArrowDown: at + 1,
        ArrowLeft: at - 1,
        ArrowUp: at - 1,
        Home: 0,
        End: all.length - 1,
      }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      const next = all[(to + all.length) % all.length];
      only(next);
      next.focus();
    });
    group.addEventListener("focusin", (event) => only(event.target.closest("button")));
    return () => {
      const all = buttons();
      const pressed = all.filter((button) => button.getAttribute("aria-pressed") === "true");
      only(all.includes(document.activeElement) ? document.activeElement : pressed[0] ?? all[0]);
    };
  };

  /** A button with a picture. */
  lab.pictureButton = (numbers, label, signed = false) => {
    const button = document.createElement("button");
    const canvas = document.createElement("canvas");
    button.type = "button";
    button.setAttribute("aria-label", label);
    pictures.paint(canvas, numbers, signed);
    button.append(canvas);
    return button;
  };

  /** The output beside a range follows it. */
  lab.range = (range, output, show, use) => {
    const follow = () => {
      const text = show(Number(range.value));
      output.textContent = text;
      range.setAttribute("aria-valuetext", text);
    };
    range.addEventListener("input", () => {
      use(Number(range.value));
      follow();
    });
    follow();
    return follow;
  };

  document.addEventListener("DOMContentLoaded", () => {
    if (!document.querySelector("[data-lab]")) return;
    if (!pictures.given.length || !Object.keys(lab.published).length) {
      const missing = new Error("the files in models do not belong together, or are missing");
      for (const root of document.querySelectorAll("[data-lab]")) failed(root, missing);
      return;
    }
    lab.change({});
    sections.forEach(start);
  });
})();
