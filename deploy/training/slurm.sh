#!/usr/bin/env bash
# Training on two nodes of eight GPUs, by the same recipe:
#   sbatch --export=ALL,RECIPE=configs/small.yaml,RUN=/shared/runs/small deploy/training/slurm.sh
# RUN lies where all nodes see it. A job that was killed or requeued goes on from its last state.
#SBATCH --job-name=sidedoor-train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=64
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail

: "${RECIPE:?name the recipe: --export=ALL,RECIPE=…}"
: "${RUN:?name the folder of the run: --export=ALL,RUN=…}"
GPUS="${SLURM_GPUS_ON_NODE:-8}"
HEAD_NODE="$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)"

srun --kill-on-bad-exit=1 torchrun \
  --nnodes="$SLURM_NNODES" --nproc-per-node="$GPUS" \
  --rdzv-backend=c10d --rdzv-endpoint="$HEAD_NODE:29500" --rdzv-id="$SLURM_JOB_ID" \
  --no-python sidedoor train "$RECIPE" -o "$RUN" --resume
