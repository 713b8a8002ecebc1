import { urlOf } from '../api/rest';
import { Shell } from './Shell';

export function NotFound({ path }: { path: string }) {
  return (
    <Shell title="Not found" heading="Not found">
      <div class="notice">
        <h2>There is no page here</h2>
        <p>
          <code>{path}</code> is not a page of this relay. A log stands at <code>s/</code> and the id of its session.
        </p>
        <p>
          <a href={urlOf('')}>All sessions</a>
        </p>
      </div>
    </Shell>
  );
}
