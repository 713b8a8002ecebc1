import { Component, h, type ComponentChildren, type ComponentClass } from 'preact';

/** The component, drawn again only when one of its props is another one. */
export function memo<P extends object>(view: (props: P) => ComponentChildren): ComponentClass<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const now = this.props as P;
      const names = Object.keys(next) as (keyof P)[];
      return names.length !== Object.keys(now).length || names.some((name) => next[name] !== now[name]);
    }

    override render(props: P): ComponentChildren {
      return h(view as never, props);
    }
  };
}
