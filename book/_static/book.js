// What the theme's scripts leave to be done.

// A page has dozens of copy buttons. Who goes through it by keyboard is spared them: code can be
// selected and copied without.
window.addEventListener("load", () => {
  for (const button of document.querySelectorAll("button.copybtn")) button.tabIndex = -1;
  // The link to the page that is open leads nowhere.
  for (const here of document.querySelectorAll(".bd-links a[href='#']")) here.tabIndex = -1;
  // A formula that is wider than the screen can be moved by keyboard.
  for (const formula of document.querySelectorAll("mjx-container[display='true']")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
  }
});
