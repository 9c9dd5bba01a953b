from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"
WRITE_AGAIN = """
do $$
declare
  kept text;
begin
  for kept in select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
                where t.tgname = 'history_keep' loop
    perform history_write_v1(kept);
  end loop;
end $$;
"""


class Migration(migrations.Migration):
    """What keeps the past joins the rows of a statement once, on the tables that are and on those to come.

    Going back leaves it as it is: it does what it did before.
    """

    dependencies = [("history", "0001_history")]
    operations = [
        migrations.RunSQL((SQL / "one_join_v1.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL(WRITE_AGAIN, migrations.RunSQL.noop),
    ]
