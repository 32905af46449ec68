#!/usr/bin/env bash
# Slurm on this machine alone, for tests: one node with two make-believe GPUs, and everything that
# it keeps in one folder.
#
#   slurm.sh start FOLDER     then `SLURM_CONF=FOLDER/slurm.conf sinfo`, sbatch and so on
#   slurm.sh stop FOLDER
#
# Runs as root or not; then only its own user's jobs. Starting or stopping twice does no harm.
# Needs Debian's packages slurm-wlm and munge.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

start() {
    mkdir -p "$folder/state" "$folder/spool"
    chmod 700 "$folder"
    if [[ ! -e $folder/munge.key ]]; then
        (umask 077 && head -c 128 /dev/urandom >"$folder/munge.key")
    fi
    if ! running munged; then
        munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
            --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" \
            --seed-file="$folder/munge.seed"
    fi
    if ! running slurmctld; then
        configure >"$folder/slurm.conf"
        # From 24.05 on slurmd insists on control groups, which need systemd, unless told otherwise.
        [[ $(slurmd -V | tr -dc 0-9.) < 24.05 ]] || echo CgroupPlugin=disabled >"$folder/cgroup.conf"
        printf 'Name=gpu File=%s\n' /dev/null /dev/zero >"$folder/gres.conf"
        slurmctld
    fi
    running slurmd || slurmd -N node
    for _ in {1..100}; do
        [[ $(sinfo --noheader --format=%T 2>/dev/null) =~ ^(idle|mixed|allocated)$ ]] && return
        sleep 0.2
    done
    tail "$folder"/*.log >&2
    echo "Slurm's node did not become idle within 20 seconds; its logs are above." >&2
    return 1
}

configure() {
    local controller worker
    read -r controller worker < <(free_ports)
    cat <<END
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$controller
SlurmdPort=$worker
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
GresTypes=gpu
ReturnToService=2
KillWait=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
# One more CPU than there is, so that two workers fit on the smallest machine.
NodeName=node NodeAddr=127.0.0.1 CPUs=$(($(nproc) + 1)) RealMemory=8000 Gres=gpu:2
SlurmdParameters=config_overrides
PartitionName=all Nodes=node Default=YES
END
}

free_ports() {
    python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in sockets))'
}

# The daemons remove these files when they end.
pid() {
    cat "$folder/$1.pid" 2>/dev/null
}

running() {
    kill -0 "$(pid "$1")" 2>/dev/null
}

stop() {
    if running slurmctld; then
        scancel --quiet --full --user="$(id -un)" 2>/dev/null || true
        for _ in {1..25}; do
            [[ -z $(squeue --noheader 2>/dev/null) ]] && break
            sleep 0.2
        done
    fi
    for daemon in slurmd slurmctld munged; do
        if running $daemon; then
            kill "$(pid $daemon)" || true
            for _ in {1..50}; do
                running $daemon || break
                sleep 0.1
            done
        fi
    done
}

folder=$(realpath -m "${2:?usage: slurm.sh start|stop FOLDER}")
export SLURM_CONF=$folder/slurm.conf
case $1 in
start) start ;;
stop) stop ;;
*) echo "usage: slurm.sh start|stop FOLDER" >&2; exit 2 ;;
esac
