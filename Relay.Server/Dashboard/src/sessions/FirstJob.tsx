import { tokenFor } from '../api/tokens';
import { CommandBlock } from '../ui/CommandBlock';
import { firstJobs, relayUrl } from './commands';

/** What stands here before there is any session. */
export function FirstJob() {
  return (
    <div class="first-job">
      <h2>No sessions yet</h2>
      <p class="lead">A job’s stdout and stderr appear here, live and complete, from whatever machine it runs on. Start one:</p>
      {firstJobs(relayUrl(document.baseURI), tokenFor(null) !== null).map(({ title, hint, text }) => (
        <section key={title}>
          <h3>{title}</h3>
          <p class="hint">{hint}</p>
          <CommandBlock text={text} />
        </section>
      ))}
    </div>
  );
}
