/* Files that a widget loads when it is asked to: book/_ext/lmbook/live_files.py makes them and tells the
   widget's script where they lie and how large they are. A file is a script that leaves its value in
   `liveFiles`, for a page in a folder can load nothing else. */
"use strict";

if (window.live) live.loader = (script, status) => {
  const { element } = live;
  const { src } = script, files = JSON.parse(script.dataset.files ?? "{}");

  const load = async (name) => {
    await live.load(new URL(files[name].src, src));
    const value = window.liveFiles[name];
    delete window.liveFiles[name];
    return value;
  };

  /* A button that says how large the file is and goes once `arrived` has its value; may be tried again.
     Nothing where the site has no such file. */
  return (label, name, arrived) => {
    if (!files[name]) return "";
    const size = `(${(files[name].bytes / 1e6).toFixed(1)} MB)`;
    const failure = element("span");
    let loading = false;
    const ask = async () => {
      if (loading) return;
      loading = true;
      button.textContent = "Loading …";
      failure.textContent = "";
      try {
        await arrived(await load(name));
        row.remove();
      } catch {
        loading = false;
        button.textContent = `Try again ${size}`;
        failure.textContent = " The file did not load. What is here stays as it is.";
        status.say(failure.textContent);
      }
    };
    const button = element("button", { type: "button", onclick: ask }, `${label} ${size}`);
    const row = element("p", {}, button, failure);
    return row;
  };
};
