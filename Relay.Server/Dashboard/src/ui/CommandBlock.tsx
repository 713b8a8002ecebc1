import { CopyButton } from './CopyButton';
import './command.css';

/** Commands to copy, as they are typed. */
export function CommandBlock({ text }: { text: string }) {
  return (
    <div class="command">
      <pre>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} />
    </div>
  );
}
