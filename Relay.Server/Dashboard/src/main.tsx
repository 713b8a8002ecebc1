import { render } from 'preact';
import './style.css';
import { SessionsPage } from './sessions/SessionsPage';
import { Later } from './ui/Later';
import { NotFound } from './ui/NotFound';
import { startRouter, useAddress } from './ui/router';
import { startTheme } from './ui/theme';

const logPage = () => import('./log/LogPage').then((module) => module.LogPage);

function App() {
  const { route, path, search } = useAddress();
  switch (route.page) {
    case 'sessions':
      return <SessionsPage key="sessions" search={search} />;
    case 'log':
      return <Later key={route.session} load={logPage} props={{ session: route.session }} title={route.session} />;
    case 'unknown':
      return <NotFound key="unknown" path={path} />;
  }
}

startTheme();
startRouter();
render(<App />, document.getElementById('app')!);
