import * as Switch from '@radix-ui/react-switch';
import { useId } from 'react';

/** On or off. */
export function SwitchField({
  label,
  checked,
  onChecked,
  disabled = false,
}: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChecked: (checked: boolean) => void;
  readonly disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex min-h-10 items-center gap-3">
      <Switch.Root
        id={id}
        checked={checked}
        onCheckedChange={onChecked}
        disabled={disabled}
        className="h-6 w-11 shrink-0 rounded-full border border-line bg-raised data-[state=checked]:bg-accent"
      >
        <Switch.Thumb className="block size-4.5 translate-x-0.5 rounded-full bg-ink motion-safe:transition-transform data-[state=checked]:translate-x-5.5 data-[state=checked]:bg-on-accent" />
      </Switch.Root>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
    </div>
  );
}
