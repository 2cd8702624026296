import { Component, type ReactNode } from 'react';
import { useSpeech } from '../i18n/language.tsx';
import { Button, Notice } from './basics.tsx';

interface Props {
  readonly children: ReactNode;
}

/** Shows that something cannot be shown, where the page would otherwise be white. */
export class Sheltered extends Component<Props, { readonly hasFailed: boolean }> {
  override readonly state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <Failed onRetry={() => this.setState({ hasFailed: false })} /> : this.props.children;
  }
}

function Failed({ onRetry }: { readonly onRetry: () => void }) {
  const { t } = useSpeech();
  return (
    <Notice kind="bad">
      {t('state.broken')}{' '}
      <Button className="ml-3" onClick={onRetry}>
        {t('common.retry')}
      </Button>
    </Notice>
  );
}
