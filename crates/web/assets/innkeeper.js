/* Pages are complete without this. It saves a second sending, a reload and some typing, and makes no markup out of text. */
'use strict';
(() => {
  const live = document.getElementById('live');
  const say = (text) => {
    /* A reader hears only what changes. */
    live.textContent = '';
    setTimeout(() => { live.textContent = text; }, 100);
  };
  const enhance = () => {
    for (const button of document.querySelectorAll('button[data-copy]')) button.hidden = false;
  };
  const release = (form) => form.removeAttribute('aria-busy');

  /* Sends a form and puts the main part of the answer in place of ours: the browser parses it, scripts in it do not run. */
  const swap = (form, submitter) => {
    const request = new XMLHttpRequest();
    const target = form.getAttribute('action').split('#')[0];
    const unanswered = document.getElementById('unanswered');
    unanswered.hidden = true;
    /* What was sent may have been done: it is not sent once more unless its sender says so. */
    const give = () => { release(form); unanswered.hidden = false; say(unanswered.textContent); };
    request.open('POST', target);
    request.setRequestHeader('Accept', 'text/html');
    request.responseType = 'document';
    request.onerror = give;
    request.onload = () => {
      const main = request.response && request.response.querySelector('main');
      if (!main) return give();
      if (new URL(request.responseURL).pathname !== target) return location.assign(request.responseURL);
      const focused = document.activeElement && document.activeElement.id;
      document.querySelector('main').replaceWith(document.adoptNode(main));
      document.title = request.response.title;
      enhance();
      const answer = document.getElementById('answer') || document.querySelector('[role="alert"]');
      const same = focused && document.getElementById(focused) || answer;
      if (same) same.focus({ preventScroll: true });
      if (answer) answer.scrollIntoView({ block: 'nearest' });
      const told = document.querySelector('[data-say], [role="alert"]');
      if (told) say(told.textContent);
    };
    request.send(new URLSearchParams(new FormData(form, submitter)));
  };

  addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute('method') !== 'post') return;
    if (form.getAttribute('aria-busy') === 'true') return event.preventDefault();
    form.setAttribute('aria-busy', 'true');
    if (form.hasAttribute('data-swap')) {
      event.preventDefault();
      swap(form, event.submitter);
    } else {
      /* An answer that is a download leaves the page where it is. */
      setTimeout(release, 10000, form);
    }
  });

  addEventListener('click', (event) => {
    const button = event.target.closest('button[data-copy]');
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    navigator.clipboard.writeText(source.textContent).then(() => say(button.dataset.done), () => {
      getSelection().selectAllChildren(source);
    });
  });

  addEventListener('pageshow', (event) => {
    for (const form of document.querySelectorAll('form[aria-busy]')) release(form);
    /* A page out of the memory of the browser may be that of a session that has ended. */
    if (event.persisted) location.reload();
  });

  enhance();
})();
