// What the theme's scripts leave to be done.

// A page has dozens of copy buttons. Who goes through it by keyboard is spared them: code can be
// selected and copied without.
globalThis.addEventListener("load", () => {
  for (const button of document.querySelectorAll("button.copybtn")) button.tabIndex = -1;
  // The link to the page that is open leads nowhere.
  for (const here of document.querySelectorAll(".bd-links a[href='#']")) here.tabIndex = -1;
  // A formula that is wider than the screen can be moved by keyboard.
  for (const formula of document.querySelectorAll("mjx-container[display='true']")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
  }
});

// A browser lets no page that comes from a folder read another, which the search would have to do
// to show where its words stand.
const found = document.getElementById("search-results");
if (location.protocol === "file:" && found) {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  const note = document.createElement("p");
  note.textContent = "Opened from a folder, the search shows titles alone. ";
  note.textContent += "Served, as on the published site, it also shows where the words stand.";
  found.before(note);
}
