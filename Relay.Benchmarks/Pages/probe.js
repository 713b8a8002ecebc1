// Stands in the page before the page itself, and sees what a person sees, frame by frame.
(() => {
  const LONGEST_MS = 120_000;
  const STAMP = /handed over at (\d{19})/; // A line that has begun may have a part of it.
  let [frames, lags, mostRows, coming] = [[], [], 0, 0];
  let isStamped = false;

  const log = () => document.querySelector('.log');
  const lines = () => [...document.querySelectorAll('.log .line[data-number]')];
  const numberOf = (line) => Number(line.dataset.number);
  const isComing = () => document.querySelector('.log .is-coming') !== null;
  const textOf = (line) => line.querySelector('.text').textContent;
  const found = () => document.querySelector('.find-count')?.textContent ?? '';
  const nextFrame = () => new Promise(requestAnimationFrame);

  /** When it holds at the begin of a frame, in milliseconds since the page was asked for. */
  async function when(holds, what) {
    for (const began = performance.now(); performance.now() - began < LONGEST_MS; await nextFrame()) if (holds()) return performance.now();
    throw new Error(`It took too long: ${what}. The page says: ${document.body.innerText.slice(0, 2000)}`);
  }

  function watch(time) {
    frames.push(time);
    mostRows = Math.max(mostRows, document.getElementsByClassName('row').length);
    if (isComing()) coming++;
    if (isStamped) {
      const stamp = STAMP.exec(document.querySelector('.log .row:last-child .text')?.textContent ?? '');
      if (stamp) lags.push(Date.now() - Number(stamp[1]));
    }
    requestAnimationFrame(watch);
  }
  requestAnimationFrame(watch);

  window.probe = {
    now: () => performance.now(),

    /** When a line is there, counted from 0, and nothing around it is missing. */
    shown: (number) => when(() => !isComing() && lines().some((line) => numberOf(line) === number), `line ${number + 1} is shown`),

    shownText: (text) => when(() => lines().some((line) => textOf(line).includes(text)), `a line is shown that has “${text}”`),

    /** When what the bar of the search says begins with something. */
    said: (text) => when(() => found().startsWith(text), `the search says “${text}”`),

    /** When all of the log was searched. */
    searched: () => when(() => /^(?:nothing found|[\d\s,.]+(?: or more)? found|[\d\s,.]+ of .+)$/.test(found()), 'all of the log was searched'),

    /** How long it takes from a movement of the scroll bar until all lines there are shown. */
    async jump(part, number, tolerance) {
      const [box, began, before] = [log(), performance.now(), lines().map(numberOf).join()];
      box.scrollTop = part * (box.scrollHeight - box.clientHeight);
      const isThere = () => {
        const seen = lines().map(numberOf);
        return !isComing() && seen.length > 0 && seen.join() !== before && Math.abs(seen[seen.length >> 1] - number) < tolerance;
      };
      return (await when(isThere, `line ${number + 1} is shown`)) - began;
    },

    lastShown: () => Math.max(-1, ...lines().map(numberOf)),

    /** Counts anew. */
    begin(stamped) {
      [frames, lags, mostRows, coming, isStamped] = [[], [], 0, 0, stamped];
    },

    /** What was counted: frames in each whole second, how many in all and how many of them lacked lines, milliseconds from hand to eye, rows in the document. */
    counts() {
      const seconds = frames.length === 0 ? 0 : Math.floor((frames.at(-1) - frames[0]) / 1000);
      const perSecond = new Array(seconds).fill(0);
      for (const time of frames) {
        const second = Math.floor((time - frames[0]) / 1000);
        if (second < seconds) perSecond[second]++;
      }
      return { perSecond, frames: frames.length, coming, lags, mostRows };
    },
  };
})();
