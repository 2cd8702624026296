import { useEffect } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { fetchHealth } from './data/health.ts';
import { Layout, Opening } from './layout.tsx';
import { AgentScreen } from './screens/agent.tsx';
import { AgentsScreen } from './screens/agents.tsx';
import { ApprovalsScreen } from './screens/approvals.tsx';
import { AuditScreen } from './screens/audit.tsx';
import { AutoStopScreen } from './screens/auto-stop.tsx';
import { DashboardScreen } from './screens/dashboard.tsx';
import { KillSwitchScreen } from './screens/kill-switch.tsx';
import { LockedScreen } from './screens/locked.tsx';
import { NotificationsScreen } from './screens/notifications.tsx';
import { OwnerScreen } from './screens/owner.tsx';
import { PoliciesScreen } from './screens/policies.tsx';
import { SessionsScreen } from './screens/sessions.tsx';
import { SettingsScreen } from './screens/settings.tsx';
import { SetupScreen } from './screens/setup.tsx';
import { SignInScreen } from './screens/sign-in.tsx';
import { TransactionScreen } from './screens/transaction.tsx';
import { TransactionsScreen } from './screens/transactions.tsx';
import { useSession } from './session/session.tsx';
import { SigningDesk } from './wallets/signing.tsx';

/** The console: the way in, the recovery while the kill switch is engaged, and the screens. */
export function App() {
  const { presence, hearing, lock } = useSession();
  const isSignedOut = presence.state === 'signedOut';
  useEffect(() => {
    if (!isSignedOut) return;
    fetchHealth().then(
      ({ killSwitch }) => {
        if (killSwitch !== 'NORMAL') lock();
      },
      // The sign-in itself will say that nobody answers.
      () => undefined,
    );
  }, [isSignedOut, lock]);

  switch (presence.state) {
    case 'signedOut':
      return <SignInScreen reason={presence.reason} />;
    case 'locked':
      return (
        <SigningDesk key="locked">
          <LockedScreen />
        </SigningDesk>
      );
    case 'signedIn':
      // Asked once the daemon is heard, or known not to be: of what is asked before that a change could be missed.
      if (hearing === 'connecting') return <Opening />;
      return (
        <SigningDesk key="signedIn">
          <Layout>
            <Switch>
              <Route path="/" component={DashboardScreen} />
              <Route path="/approvals" component={ApprovalsScreen} />
              <Route path="/transactions" component={TransactionsScreen} />
              <Route path="/transactions/:id">{({ id }) => <TransactionScreen id={id} />}</Route>
              <Route path="/agents" component={AgentsScreen} />
              <Route path="/agents/:id">{({ id }) => <AgentScreen id={id} />}</Route>
              <Route path="/sessions" component={SessionsScreen} />
              <Route path="/policies" component={PoliciesScreen} />
              <Route path="/notifications" component={NotificationsScreen} />
              <Route path="/auto-stop" component={AutoStopScreen} />
              <Route path="/audit" component={AuditScreen} />
              <Route path="/owner" component={OwnerScreen} />
              <Route path="/settings" component={SettingsScreen} />
              <Route path="/kill-switch" component={KillSwitchScreen} />
              <Route path="/setup" component={SetupScreen} />
              <Route>
                <Redirect to="/" />
              </Route>
            </Switch>
          </Layout>
        </SigningDesk>
      );
  }
}
