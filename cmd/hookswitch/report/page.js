(() => {
  'use strict';
  const calls = [...document.querySelectorAll('section.call')].map(section => {
    const audio = section.querySelector('audio');
    const svg = section.querySelector('svg.timeline');
    const words = [...section.querySelectorAll('.said [data-t]')].map(el => ({el, t: +el.dataset.t}));
    return {section, audio, svg, words, head: svg && svg.querySelector('.head'), on: null};
  }).filter(c => c.audio);
  if (!calls.length) return;
  document.querySelectorAll('.keys').forEach(el => { el.hidden = false; });
  let current = calls[0];

  // word is the last one that began by t, or -1.
  const word = (c, t) => {
    let lo = 0, hi = c.words.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (c.words[mid].t <= t + 0.001) lo = mid + 1; else hi = mid;
    }
    return lo - 1;
  };

  // paint moves the line of the timeline, the underline and the row to now.
  const paint = c => {
    const t = c.audio.currentTime;
    if (c.head) {
      const x = +c.svg.dataset.left + t * c.svg.dataset.scale;
      c.head.setAttribute('x1', x);
      c.head.setAttribute('x2', x);
    }
    const w = c.words[word(c, t)];
    const el = w ? w.el : null;
    if (el === c.on) return;
    for (const [old, to] of [[c.on, false], [el, true]]) {
      if (!old) continue;
      old.classList.toggle('on', to);
      old.closest('.row').classList.toggle('on', to);
    }
    c.on = el;
  };

  const follow = c => {
    paint(c);
    if (!c.audio.paused) requestAnimationFrame(() => follow(c));
  };

  // A play that a pause overtakes is no error.
  const start = c => { c.audio.play().catch(() => {}); };

  const seek = (c, t, play) => {
    current = c;
    c.audio.currentTime = Math.max(0, t);
    paint(c);
    if (play) start(c);
  };

  // A call's own order of words: talk-over makes two of them overlap.
  for (const c of calls) {
    c.words.sort((a, b) => a.t - b.t);
    c.section.classList.add('plays');
    c.audio.addEventListener('play', () => {
      current = c;
      for (const other of calls) if (other !== c) other.audio.pause();
      follow(c);
    });
    c.audio.addEventListener('seeking', () => paint(c));
    c.section.addEventListener('click', e => {
      const at = e.target.closest('.said [data-t]') || e.target.closest('.clock')?.parentElement;
      if (at) return seek(c, +at.dataset.t, true);
      if (e.target.closest('svg.timeline')) {
        const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(c.svg.getScreenCTM().inverse());
        seek(c, (p.x - c.svg.dataset.left) / c.svg.dataset.scale, !c.audio.paused);
      }
    });
  }

  const step = (c, way, turn) => {
    const t = c.audio.currentTime;
    const starts = turn
      ? [...c.section.querySelectorAll('.row')].filter(r => r.querySelector('.said [data-t]')).map(r => +r.dataset.t)
      : c.words.map(w => w.t);
    const to = way > 0 ? starts.find(s => s > t + 0.01) : starts.findLast(s => s < t - 0.01);
    if (to === undefined) return;
    seek(c, to, false);
    if (c.on) c.on.scrollIntoView({block: 'nearest'});
  };

  document.addEventListener('keydown', e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('audio, .scroll')) return;
    if (e.key === ' ') {
      if (current.audio.paused) start(current); else current.audio.pause();
    } else if (e.key === 'ArrowRight') step(current, 1, e.shiftKey);
    else if (e.key === 'ArrowLeft') step(current, -1, e.shiftKey);
    else return;
    e.preventDefault();
  });

  // A link to a turn stands at its time.
  const go = () => {
    const row = location.hash && document.getElementById(location.hash.slice(1));
    const c = row && calls.find(c => c.section.contains(row));
    if (c && row.dataset.t) seek(c, +row.dataset.t, false);
    else if (c) current = c;
  };
  addEventListener('hashchange', go);
  go();
})();
