//! placeholder
use anyhow::Result;
pub(crate) fn up(_args: &[String]) -> Result<()> {
    Ok(())
}
