import { Button, Group, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.js';
import { useText } from '../i18n/text.js';
import { ProblemAlert } from '../shell/failure.js';

/** It is nothing: an emerging issue leaves the list, with a reason for who asks later. */
export function Dismiss({ emergingId }: { readonly emergingId: string }) {
  const { t } = useText();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const dismiss = useMutation({
    mutationFn: () => api.post('insights', `/v1/emerging/${emergingId}/dismiss`, { body: { reason } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['emerging'] }),
  });
  return (
    <form className="no-print" onSubmit={(event) => (event.preventDefault(), dismiss.mutate())}>
      <Group gap="xs" align="end" py="xs">
        <TextInput
          size="xs"
          label={t('emerging.reason')}
          required
          maxLength={2000}
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
        />
        <Button size="compact-sm" type="submit" variant="default" loading={dismiss.isPending}>
          {t('emerging.dismiss')}
        </Button>
      </Group>
      {dismiss.error && <ProblemAlert error={dismiss.error} />}
    </form>
  );
}
